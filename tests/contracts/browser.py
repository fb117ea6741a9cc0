"""What a browser without JavaScript would send for a form, read out of its HTML."""

from html.parser import HTMLParser


class Form(HTMLParser):
    """Collects names and values as a browser submits them: no line breaks from inputs, CR LF from text areas."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.data: dict[str, list[str]] = {}
        self.ids: set[str] = set()
        self.described: set[str] = set()
        self._area: str | None = None
        self._text: list[str] | None = None
        self._select = ""
        self._first = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        self.ids |= {own["id"]} if "id" in own else set()
        self.described |= set(own.get("aria-describedby", "").split())
        if tag == "textarea":
            self._area, self._text = own.get("name", ""), []
        elif tag == "select":
            self._select, self._first = own.get("name", ""), True
        elif tag == "option" and self._select and (self._first or "selected" in own):
            self.data[self._select], self._first = [own["value"]], False
        elif tag == "input" and "name" in own and (own.get("type") != "checkbox" or "checked" in own):
            sent = own.get("value", "").replace("\r", "").replace("\n", "")
            self.data.setdefault(own["name"], []).append(sent)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            text = "".join(self._text).replace("\r\n", "\n").replace("\r", "\n").removeprefix("\n")
            if self._area:
                self.data[self._area] = [text.replace("\n", "\r\n")]
            self._text = None
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)
