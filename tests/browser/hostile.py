"""Text that agents, models, tools and customers may write to harm whoever reads it (THREATS T21 to T29).

Each payload tries one thing. What works calls `pwned`, asks the address /pwned/, or puts an element on the page.
"""

SHORT: tuple[str, ...] = (
    "<script>pwned()</script>",
    "</textarea></title></style></noscript><script>pwned()</script>",
    '"><script>pwned()</script>',
    "<img src=x onerror=pwned()>",
    '"><img src=/pwned/img onerror=pwned()>',
    "' autofocus onfocus=pwned() x='",
    "<svg onload=pwned()>",
    "<svg><script>pwned()</script></svg>",
    "<math><mtext></mtext><mglyph><style><img src onerror=pwned()>",
    "<iframe srcdoc='<script>parent.pwned()</script>'></iframe>",
    "<object data=/pwned/object></object><embed src=/pwned/embed>",
    "<a href='javascript:pwned()'>Approve</a>",
    "javascript:pwned()",
    "[Open the invoice](javascript:pwned())",
    "![](https://evil.example/pwned/pixel.png)",
    "<link rel=stylesheet href=https://evil.example/pwned/a.css>",
    "<style>body{display:none}*{background:url(/pwned/css)}</style>",
    "<p style='position:fixed;inset:0;background:url(/pwned/style)'>Session over</p>",
    "<meta http-equiv=refresh content='0;url=/pwned/meta'>",
    "<base href='https://evil.example/pwned/'>",
    "<form action=/pwned/form><button name=fake>Approve</button></form>",
    "<button hx-post=/pwned/hx hx-trigger=load>Approve</button>",
    "<div hx-get=/pwned/hx hx-trigger='load, every 1s' data-hx-get=/pwned/hx></div>",
    "<div hx-on:htmx:load='pwned()' hx-vals='js:{a:pwned()}' hx-ext=x></div>",
    "<dialog open data-modal><button data-commit>Approve</button></dialog>",
    "<template><script>pwned()</script></template><noscript><p title='</noscript><img src=x onerror=pwned()>'>",
    "{{ 7|add:7 }}{% include 'reviews/page.html' %}{% debug %}${7*7}#{7*7}<%= 7*7 %>",
    "\u202e10.00 EUR\u202c paid \u2066to\u2069 \u200fyou",
    "in\u200bvis\u200cible\u200d\ufeff\u2060\u00ad\u180e\u3164",
    "tags \U000e0041\U000e0070\U000e0070\U000e0072\U000e006f\U000e0076\U000e0065\U000e007f end",
    "nul \x00 bell \x07 escape \x1b[31m delete \x7f next \x85 lines \u2028\u2029",
    "half \ud800 and \udfff, private \ue000 \U0010ffff, none \ufffe",
    "zalgo a" + "\u0301" * 60 + " end",
    "\u2705 CFO approved \u2014 already approved by legal, CEO is waiting",
    "<b>bold</b> &lt;script&gt;pwned()&lt;/script&gt; &#60;img src=x onerror=pwned()&#62;",
    "-->]]><!--<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>&a;",
)
HIDDEN = (
    "\u202e\u202c\u2066\u2069\u200f\u200b\u200c\u200d\ufeff\u2060\u00ad\u180e\u3164\u2028\u2029"
    "\x07\x1b\x7f\x85\U000e0041\ufffe"
)
"""What no page may show as it is: each is replaced by a marker with its code point."""

EVERYTHING = "\n".join(SHORT)
FLOOD = f"{EVERYTHING}\n{'wide ' * 10_000}{'W' * 50_000}{chr(10) * 10_000}the truth{' ' * 5_000}comes last"
"""More than 100 kB, with the end far below ten thousand empty lines."""


def tag_of(name: str) -> str:
    """What stands at the beginning of a field's text, so that it is found again on a page."""
    return f"zz-{name.replace(' ', '-')}-zz"


def text_for(name: str, limit: int, turn: int) -> str:
    """The text of a field that takes `limit` characters: everything where it fits, else another payload each turn."""
    tag = tag_of(name)
    if limit >= 100_000:
        return f"{tag} {FLOOD}"
    if limit >= len(EVERYTHING) + 100:
        return f"{tag} {EVERYTHING}"
    payload = SHORT[(sum(map(ord, name)) + turn * 13) % len(SHORT)]
    return f"{tag} {payload}"[:limit]
