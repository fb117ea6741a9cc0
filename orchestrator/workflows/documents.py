"""YAML text as plain JSON values, with the place of everything and a sentence for every mistake.

Only mappings, lists, texts, numbers, true, false and null exist here: `yes` and `2026-01-01` are texts, tags and merge
keys are refused. Size, depth and repetition are limited before anything grows, so no text can make the reader large.
"""

import re
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from audit.canonical import SAFE_INTEGER
from orchestrator.workflows.problems import DefinitionError, Document, Path, Place, Problem, path_text

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 40
MAX_VALUES = 50_000
MAX_ALIASES = 100

_TAG = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
# What PyYAML says, and what would be right.
_ADVICE = (
    ("'\\t'", "A tab stands where only spaces may. Indent with spaces."),
    ("but got '{'", 'Inside { } or [ ], put references in quotes, like "${input.order_id}".'),
    ("mapping values", "A second colon on one line. Put a text that holds a colon in quotes, and indent keys alike."),
    (
        "expected <block end>",
        "This line does not fit the one before it. Indent keys of one mapping alike; quote texts with { }.",
    ),
    ("could not find expected ':'", "A line without a key. Write key: value, and indent the lines of a longer text."),
    ("expected ',' or", "Inside the { } or [ ] that begins here, a comma or the closing bracket is missing."),
    ("expected the node content", "A value is missing here, or a bracket is opened and not closed."),
    ("unexpected end of stream", "A quoted text is opened and not closed. Add the closing quote."),
    ("cannot start any token", "A text may not begin with this character. Put the text in quotes."),
    ("unknown escape", "A backslash in double quotes begins an escape. Use single quotes or write \\\\."),
    ("undefined alias", "There is no anchor of this name. A text that begins with * belongs in quotes."),
    ("another document", "There is a second document. Write one workflow in a file."),
)


def load(text: str) -> Document:
    """The document in a text, with the problems found in it. Raises DefinitionError where nothing can be read."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise _too_large()
    root = _compose(text)
    if root is None:
        raise _refused(1, 1, "The text is empty. Begin with name: and title:.")
    document = Document(text)
    document.value = _Builder(document).build(root, ())
    return document


def decode(raw: bytes) -> str:
    """The text of a file. Raises DefinitionError where it is too large, or not UTF-8: then with the line."""
    if len(raw) > MAX_BYTES:
        raise _too_large()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise _refused(line, column, "A character is not UTF-8. Save the file with the encoding UTF-8.") from error


class _Loader(yaml.SafeLoader):
    """Composes nodes and constructs nothing. Guesses a type only where JSON would see the same."""

    yaml_implicit_resolvers = {}

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0
        self.aliases = 0
        self.quoted: Any = None

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        self.aliases += isinstance(event, yaml.AliasEvent)
        self.depth += 1
        if isinstance(event, yaml.ScalarEvent) and event.style in ("'", '"'):
            self.quoted = event
        if self.depth > MAX_DEPTH:
            raise _refused_at(event.start_mark, f"This is nested more than {MAX_DEPTH} levels deep. Make it flatter.")
        if self.aliases > MAX_ALIASES:
            raise _refused_at(event.start_mark, f"There are more than {MAX_ALIASES} aliases. Write the values out.")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


_Loader.add_implicit_resolver(_TAG + "bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver(_TAG + "null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver(_TAG + "float", re.compile(rf"^(?:{_NUMBER.pattern})$"), list("-0123456789"))


def _compose(text: str) -> Node | None:
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        code = error.character if isinstance(error.character, int) else ord(error.character[:1])
        raise _refused(line, column, f"The character U+{code:04X} is not allowed. Remove it.") from error
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(loader, error) from error


def _syntax_error(loader: _Loader, error: yaml.MarkedYAMLError) -> DefinitionError:
    """What PyYAML found, told where the mistake was made rather than where it was noticed."""
    said = error.problem or ""
    mark: Any = error.problem_mark or error.context_mark
    begun, ended = (loader.quoted.start_mark, loader.quoted.end_mark) if loader.quoted else (mark, mark)
    if mark is not None and begun.line < ended.line == mark.line:
        return _refused_at(
            begun, f"A quoted text begins here and ends on line {ended.line + 1}. Add its closing quote."
        )
    unfinished = said.startswith("expected ',' or") and "but got '{'" not in said
    if unfinished or said.endswith("unexpected end of stream"):
        mark = error.context_mark
    advice = next((right for sign, right in _ADVICE if sign in said), f"This is not YAML: {said}.")
    return _refused_at(mark, advice)


class _Builder:
    """Turns nodes into values and writes down their places."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.count = 0

    def build(self, node: Node, path: Path) -> Any:
        self.count += 1
        if self.count > MAX_VALUES or len(path) > MAX_DEPTH:
            raise _refused_at(node.start_mark, "Aliases repeat too much here. Write the values out.")
        self.document.places.setdefault(path, _place(node, node))
        if node.tag.startswith(_TAG) and node.tag[len(_TAG) :] in ("map", "seq", "str", "bool", "null", "float", "int"):
            match node:
                case MappingNode():
                    return self.mapping(node, path)
                case SequenceNode():
                    return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
                case ScalarNode():
                    return self.scalar(node, path)
        tag = node.tag.replace(_TAG, "!!")
        self.complain(path, f"The tag {tag} is not allowed. Remove it, or put the text in quotes.")
        return None

    def mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                raise _refused_at(key_node.start_mark, "A key is a text, not a list or a mapping. Write key: value.")
            key = self.clean(str(key_node.value), path)
            below = (*path, key)
            if key == "<<":
                raise _refused_at(key_node.start_mark, "Merge keys (<<) are not allowed. Write the keys out.")
            if key in result:
                first = self.document.places[below].line
                problem = Problem(*_at(key_node.start_mark), path_text(below), _twice(key, first))
                self.document.problems.append(problem)
                continue
            self.document.places[below] = _place(key_node, value_node)
            result[key] = self.build(value_node, below)
        return result

    def scalar(self, node: ScalarNode, path: Path) -> Any:
        text, kind = str(node.value), node.tag[len(_TAG) :]
        if kind == "str":
            return self.clean(text, path)
        if kind in ("bool", "null") and text in _WORDS:
            return _WORDS[text]
        if kind in ("int", "float") and _NUMBER.fullmatch(text):
            return self.number(text, path)
        self.complain(path, f'"{text[:40]}" does not fit its tag !!{kind}. Remove the tag.')
        return None

    def number(self, text: str, path: Path) -> int | float:
        whole = len(text) <= 17 and _INTEGER.fullmatch(text) is not None
        value: int | float = int(text) if whole else float(text)
        if abs(value) > SAFE_INTEGER:
            self.complain(path, f"The number {text[:40]} is too large. Put it in quotes.")
            return 0
        return int(value) if float(value).is_integer() else value

    def clean(self, text: str, path: Path) -> str:
        """The text, with pairs of surrogates (as JSON escapes them) joined; what no text may hold is a problem."""
        joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        bad = next((c for c in joined if c == "\x00" or "\ud800" <= c <= "\udfff"), None)
        if bad is None:
            return joined
        self.complain(path, f"The text holds the character U+{ord(bad):04X}, which is not allowed. Remove it.")
        return "".join(c for c in joined if c != "\x00" and not "\ud800" <= c <= "\udfff")

    def complain(self, path: Path, sentence: str) -> None:
        self.document.problems.append(self.document.problem(path, sentence))


def _place(first: Node, last: Node) -> Place:
    line, column = _at(first.start_mark)
    return Place(line, column, int(last.end_mark.line) + 1)


def _at(mark: Any) -> tuple[int, int]:
    return int(mark.line) + 1, int(mark.column) + 1


def _twice(key: str, line: int) -> str:
    return f'The key "{key[:60]}" is already on line {line}. Keep one of the two.'


def _too_large() -> DefinitionError:
    return _refused(1, 1, f"The text is too large. A definition has at most {MAX_BYTES // 1024} kB.")


def _refused(line: int, column: int, sentence: str) -> DefinitionError:
    return DefinitionError([Problem(line, column, "", sentence)])


def _refused_at(mark: Any, sentence: str) -> DefinitionError:
    return _refused(*(_at(mark) if mark is not None else (1, 1)), sentence)
