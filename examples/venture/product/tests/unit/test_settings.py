from pathlib import Path

from app.settings import load_settings


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# ports\nVENTURE_PORT=1\nVENTURE_DATA=/srv\n")
    settings = load_settings({"VENTURE_PORT": "2"}, file)
    assert (settings.port, settings.data) == (2, Path("/srv"))


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings({}, tmp_path / ".env").port == 8080
