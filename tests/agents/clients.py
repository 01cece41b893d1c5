"""The agent programs that are tried for real: which release, what a plan says, how it is led to another model.

    python -m tests.agents.clients FOLDER [NAME ...]

installs those that are named, else the three that are quick, and the installer of skills.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

INSTALLED = "AGENT_PROGRAMS"
"""The variable that names the folder in which `nox -s agents-real` has installed them."""

SKILLS = "skills@1.5.18"


@dataclass(frozen=True)
class Client:
    """An agent program: its npm package with the release, and what a plan says of it besides its kind, its name."""

    name: str
    package: str
    model: str | None = None
    options: tuple[str, ...] = ()
    cheap: bool = True

    @property
    def agent(self) -> dict[str, object]:
        """It, as an agent of a plan."""
        model = {"model": self.model} if self.model else {}
        return {"kind": self.name, "options": list(self.options), **model}

    @property
    def found(self) -> bool:
        """Whether it is installed."""
        return shutil.which(self.name, path=programs()) is not None


CLIENTS = {
    client.name: client
    for client in (
        Client("copilot", "@github/copilot@1.0.102", "gpt-5-mini"),
        Client("claude", "@anthropic-ai/claude-code@2.1.197", "claude-sonnet-4-5", ("--allowedTools", "Bash")),
        Client("codex", "@openai/codex@0.169.0"),
        Client("gemini", "@google/gemini-cli@0.61.0", "gemini-2.5-flash", cheap=False),
        Client("opencode", "opencode-ai@1.18.33", "stub/stub", cheap=False),
    )
}


def programs() -> str:
    """The folder of the installed programs; empty when there is none."""
    return str(Path(os.environ[INSTALLED], "node_modules", ".bin").resolve()) if INSTALLED in os.environ else ""


def surroundings(url: str, home: Path) -> dict[str, str]:
    """Settings below `home`, and the variables by which every program finds them and the model at `url`."""
    direct = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1"]))
    codex = {"name": "stub", "base_url": f"{url}/v1", "wire_api": "responses", "env_key": "STUB_KEY"}
    retries = {"request_max_retries": 1, "stream_max_retries": 1}
    fields = "\n".join(f"{name} = {json.dumps(value)}" for name, value in (codex | retries).items())
    (home / "codex").mkdir(parents=True, exist_ok=True)
    (home / "codex" / "config.toml").write_text(
        f'model = "stub"\nmodel_provider = "stub"\n[model_providers.stub]\n{fields}\n'
    )
    (home / "tmp").mkdir(exist_ok=True)
    gemini = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "privacy": {"usageStatisticsEnabled": False}}
    (home / ".gemini").mkdir(exist_ok=True)
    (home / ".gemini" / "settings.json").write_text(json.dumps(gemini))
    options = {"baseURL": f"{url}/v1", "apiKey": "none"}
    provider = {"npm": "@ai-sdk/openai-compatible", "options": options, "models": {"stub": {}}}
    opencode = {"provider": {"stub": provider}, "autoupdate": False}
    return {
        "PATH": os.pathsep.join([programs(), os.environ["PATH"]]).strip(os.pathsep),
        "NO_PROXY": direct,
        "no_proxy": direct,
        "COPILOT_OFFLINE": "true",
        "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
        "COPILOT_HOME": str(home / "copilot"),
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "none",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CONFIG_DIR": str(home / "claude"),
        "CODEX_HOME": str(home / "codex"),
        "STUB_KEY": "none",
        "TMPDIR": str(home / "tmp"),  # codex's sandbox takes no home below the temporary folder
        "GEMINI_API_KEY": "none",
        "GOOGLE_GEMINI_BASE_URL": url,
        "GEMINI_CLI_HOME": str(home),
        "OPENCODE_CONFIG_CONTENT": json.dumps(opencode),
    }


def main() -> None:
    """Install them with npm."""
    folder, *names = sys.argv[1:]
    chosen = [client.package for client in CLIENTS.values() if client.name in names or (client.cheap and not names)]
    Path(folder).mkdir(parents=True, exist_ok=True)
    npm = ["npm", "install", "--no-fund", "--no-audit", "--loglevel=error"]
    subprocess.run([*npm, *chosen, SKILLS], cwd=folder, check=True)


if __name__ == "__main__":
    main()
