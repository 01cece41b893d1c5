"""YAML text to a document, from the parser's events: no value is interpreted, nothing is expanded.

Events build no objects, so tags and anchors can do no harm; they, repeated keys and great depth are
reported with their line. The pure-Python parser is used on purpose: libyaml's dies of deep nesting.
"""

import re
from collections.abc import Callable
from itertools import islice
from typing import Any

import yaml

from ..core.document import Broken, Fault, Mapping, Node, Scalar, Sequence
from ..core.draft import MOST_FAULTS
from ..core.names import quoted

DEEPEST = 50
Event = Any  # the stubs know neither the events' fields nor what get_event returns

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_ADVICE = {
    r"character '\\t'": "indent with spaces, not with tabs",
    r"found character": "text that begins with this character needs quotes",
    r"mapping values are not allowed": "text that holds ': ' needs quotes; else look at the indentation",
    r"could not find expected ':'": "a key is followed by a colon and a space",
    r"expected <block end>": "look at the indentation; text that begins with { or [ needs quotes",
    r"unexpected end of stream": "a quote is not closed",
    r"expected ',' or": "a bracket or a comma is missing",
}


def read_yaml(text: str) -> tuple[Node | None, list[Fault]]:
    """The document in `text`, None when it is empty or cannot be read, and every fault found on the way."""
    faults = [
        Fault(text.count("\n", 0, found.start()) + 1, "", f"the control character {found[0]!r} cannot stand here")
        for found in islice(_CONTROL.finditer(text), MOST_FAULTS)
    ]
    if faults:
        return None, faults
    parser = yaml.SafeLoader(text)
    try:
        return _Composer(parser, faults).document(), faults
    except yaml.MarkedYAMLError as error:
        faults.append(_syntax_fault(error))
    except (ValueError, OverflowError):  # an escape such as "\UFFFFFFFF" that names no character
        faults.append(Fault(parser.line + 1, "", "not YAML: an escape or a directive holds a number that is too large"))
    return None, faults


class _Composer:
    """Puts the events of one document together; what it refuses becomes a fault and a broken node."""

    def __init__(self, parser: yaml.SafeLoader, faults: list[Fault]) -> None:
        self._next: Callable[[], Event] = parser.get_event
        self._faults = faults

    def document(self) -> Node | None:
        """The one document of the stream; None when there is none."""
        self._next()  # the stream's start
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        node = self._node(self._next(), 1)
        self._next()  # the document's end
        following = self._next()
        if isinstance(following, yaml.DocumentStartEvent):
            self._refuse(following, "a second document begins here; the file holds one")
        return node

    def _refuse(self, event: Event, message: str) -> Broken:
        line = event.start_mark.line + 1
        self._faults.append(Fault(line, "", message))
        return Broken(line)

    def _node(self, event: Event, depth: int) -> Node:
        if depth > DEEPEST:
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {DEEPEST} levels", problem_mark=event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return self._refuse(event, "aliases (*name) are not used here; write the value out")
        if event.anchor:
            self._refuse(event, "anchors (&name) are not used here")
        if event.tag:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse(event, f"tags ({quoted(tag)}) are not used here")
        match event:
            case yaml.SequenceStartEvent():
                return self._sequence(event, depth)
            case yaml.MappingStartEvent():
                return self._mapping(event, depth)
            case _:
                return self._scalar(event)

    def _scalar(self, event: Event) -> Node:
        if found := _CONTROL.search(event.value):
            return self._refuse(event, f"the control character {found[0]!r} cannot stand here")
        return Scalar(event.start_mark.line + 1, event.value, plain=event.style is None)

    def _sequence(self, start: Event, depth: int) -> Node:
        items = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Sequence(start.start_mark.line + 1, tuple(items))

    def _mapping(self, start: Event, depth: int) -> Node:
        pairs: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(self._next(), depth + 1)
            if not isinstance(key, Scalar) or not key.text:
                self._refuse(event, "a key is one word; a value that begins with { or [ needs quotes")
            elif key.text == "<<" and key.plain:
                self._refuse(event, "merge keys (<<) are not used here; write the pairs out")
            elif earlier := pairs.get(key.text):
                self._refuse(event, f"{quoted(key.text)} is already given in line {earlier[0].line}")
            else:
                pairs[key.text] = (key, value)
        return Mapping(start.start_mark.line + 1, tuple(pairs.values()))


def _syntax_fault(error: yaml.MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    problem = error.problem or error.context or "cannot be read"
    begun = error.context_mark.line + 1 if error.context_mark else line
    where = "" if begun == line else f" (in what begins in line {begun})"
    advice = next((text for pattern, text in _ADVICE.items() if re.search(pattern, problem)), "")
    return Fault(line, "", f"not YAML: {problem}{where}" + (f"; {advice}" if advice else ""))
