"""What MkDocs cannot do alone: formulas as pictures in the page, and pages made from the code.

Formulas are drawn by matplotlib when the pages are built, so that they need neither a network nor a script when they
are read. The lines `{{ study keys }}`, `{{ commands }}` and `{{ worlds }}` of a page are replaced by tables made from
the schema of a study, from the command line and from the simulators.
"""

import html
import re
from typing import Any, get_args, get_origin

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextToPath

_EM = TextToPath.FONT_SCALE  # units of a glyph's path for one em
_FORMULA = re.compile(r'<(span|div) class="arithmatex">\s*\\[(\[](.*?)\\[)\]]\s*</\1>', re.DOTALL)
_SPELLINGS = (  # what LaTeX knows and matplotlib spells otherwise
    (r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}"),
    (r"\\(mathcal|mathrm|mathbf)\s+(\w)", r"\\\1{\2}"),
    (r"\\(ge|le|ne)(?![A-Za-z])", r"\\\1q"),
    (r"\\tfrac", r"\\frac"),
)


# ---- formulas --------------------------------------------------------------------------------------------------
def on_page_content(content: str, **_: Any) -> str:
    """Replace each formula by its picture."""
    return _FORMULA.sub(_drawn, content)


def _drawn(found: re.Match[str]) -> str:
    source = " ".join(html.unescape(found[2]).split())
    return svg(source, display=found[1] == "div")


def svg(source: str, *, display: bool = False) -> str:
    """An <svg> element that shows a formula in the size and colour of the text around it.

    Raises:
        ValueError: When matplotlib cannot draw the formula; names it.
    """
    text = source
    for pattern, replacement in _SPELLINGS:
        text = re.sub(pattern, replacement, text)
    if display:
        text = re.sub(r"\\frac(?=\s*\{)", r"\\dfrac", text)
    try:
        vertices, codes = TextToPath().get_text_path(FontProperties(math_fontfamily="stix"), f"${text}$", ismath=True)
    except ValueError as error:
        raise ValueError(f"the formula ${source}$ cannot be drawn: {str(error).splitlines()[-1]}") from None
    vertices = np.asarray(vertices)
    if not len(vertices):
        raise ValueError(f"the formula ${source}$ shows nothing")
    left, right = min(0.0, vertices[:, 0].min()), vertices[:, 0].max() + 4
    top, bottom = vertices[:, 1].max() + 4, min(vertices[:, 1].min() - 4, 0.0)
    style = (
        f"width:{(right - left) / _EM:.3f}em;height:{(top - bottom) / _EM:.3f}em;vertical-align:{bottom / _EM:.3f}em"
    )
    label = html.escape(source, quote=True)
    picture = (
        f'<svg class="formula" role="img" aria-label="{label}" style="{style}" '
        f'viewBox="{left:.0f} {-top:.0f} {right - left:.0f} {top - bottom:.0f}"><title>{label}</title>'
        f'<path fill="currentColor" d="{_outline(vertices, codes)}"/></svg>'
    )
    return f'<div class="display">{picture}</div>' if display else picture


def _outline(vertices: Any, codes: Any) -> str:
    """Vertices (n, 2) and codes (n,) of a matplotlib path as the `d` of an SVG path, whose y axis points down."""
    letters = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
    count = {Path.CURVE3: 2, Path.CURVE4: 3}
    parts, i = [], 0
    while i < len(codes):
        if codes[i] == Path.CLOSEPOLY:
            parts.append("Z")
            i += 1
            continue
        n = count.get(codes[i], 1)
        points = " ".join(f"{x:.1f} {-y:.1f}" for x, y in vertices[i : i + n])
        parts.append(letters[codes[i]] + points)
        i += n
    return "".join(parts)


# ---- pages made from the code ----------------------------------------------------------------------------------
def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in the tables."""
    for name, table in (("study keys", study_keys), ("commands", commands), ("worlds", worlds)):
        line = f"{{{{ {name} }}}}"
        if line in markdown:
            markdown = markdown.replace(line, table())
    return markdown


def study_keys() -> str:
    """A Markdown table for each section of a study, from the schema that checks it."""
    from pydantic import BaseModel

    from lawful.studies import Study

    tables, top = [], []
    for name, field in Study.model_fields.items():
        kinds = [field.annotation, *get_args(field.annotation)]
        section = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
        if section is None:
            top.append(_row(name, Study))
        else:
            text = re.sub(r"^`\[+\w+\]+`:\s*", "", " ".join((section.__doc__ or "").split()))
            rows = [_row(key, section) for key in section.model_fields]
            title = f"[[{name}]]" if get_origin(field.annotation) is list else f"[{name}]"
            tables.append(_table(f"### `{title}`\n\n{text[:1].upper()}{text[1:]}", rows))
            if name == "physics":
                tables.append(statements())
    return "\n\n".join([_table("### Before the first section", top), *tables])


def statements() -> str:
    """A Markdown table of the statements: their arguments, those that are required first, and mechanisms."""
    from lawful.physics import STATEMENTS
    from lawful.studies.statements import arguments_of

    rows = []
    for name in sorted(STATEMENTS):
        arguments, required = arguments_of(name)
        optional = [a for a in arguments if a not in required]
        words = [f"**`{a}`**" for a in required] + [f"`{a}`" for a in optional]
        rows.append(f"| `{name}` | {', '.join(words)} | {', '.join(f'`{m}`' for m in STATEMENTS[name].mechanisms)} |")
    head = (
        "The statements and their arguments, those that are required in bold; the [reference](reference/physics.md) "
    )
    return "\n".join(
        [
            head + "tells them. A mechanism that estimators do not build in is an error.",
            "",
            "| statement | arguments | mechanisms |",
            "|---|---|---|",
            *rows,
        ]
    )


def worlds() -> str:
    """A section for each world: settings, columns and fields of clouds with units, and the source."""
    from lawful.simulators import WORLDS

    parts = []
    for world in WORLDS.values():
        parts += [f"## `{world.name}`", f"{world.line[:1].upper()}{world.line[1:]}."]
        rows = [
            f"| `{name}` | `{s.default}` | {_unit(s.unit)} | {_cell(s.text)}{'; may be [a, b]' if s.pair else ''} |"
            for name, s in world.settings.items()
        ]
        parts.append("\n".join(["| setting | default | unit | what it is |", "|---|---|---|---|", *rows]))
        rows = [f"| `{name}` | {_unit(c.unit)} | {_cell(c.text)} |" for name, c in world.columns.items()]
        parts.append("\n".join(["| column | unit | what it is |", "|---|---|---|", *rows]))
        for cloud, fields in world.clouds.items():
            rows = [f"| `{cloud}.{name}` | {_unit(c.unit)} | {_cell(c.text)} |" for name, c in fields.items()]
            parts.append("\n".join([f"| field of the cloud `{cloud}` | unit | what it is |", "|---|---|---|", *rows]))
        parts.append(f"Source: {world.source}.")
    return "\n\n".join(parts)


def _unit(text: str) -> str:
    return f"`{text}`" if text else ""


def _table(heading: str, rows: list[str]) -> str:
    return "\n".join([heading, "", "| key | value | default | what it is |", "|---|---|---|---|", *rows])


def _row(key: str, section: Any) -> str:
    field, schema = section.model_fields[key], section.model_json_schema()["properties"][key]
    default = "required" if field.is_required() else _code(_toml(field.default))
    text = " ".join((field.description or "").split())
    return f"| `{key}` | {_kind(schema, section)} | {default} | {_cell(text)} |"


def _kind(schema: dict[str, Any], section: Any) -> str:
    """What a value may be, in words, from its JSON schema."""
    if "$ref" in schema:
        return _kind(section.model_json_schema()["$defs"][schema["$ref"].rsplit("/", 1)[-1]], section)
    if "anyOf" in schema:
        return " or ".join(_kind(s, section) for s in schema["anyOf"] if s.get("type") != "null")
    if "const" in schema:
        return f"`{_toml(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{_toml(value)}`" for value in schema["enum"])
    if schema.get("type") == "array":
        inner = _kind(schema["items"], section)
        least, most = schema.get("minItems"), schema.get("maxItems")
        size = f" ({least} to {most})" if least and most else f" (at least {least})" if least else ""
        return f"list of {inner}{size}"
    if schema.get("type") == "object":
        value = next(iter(schema.get("patternProperties", {}).values()), schema.get("additionalProperties"))
        return f"table of {_kind(value, section)}" if isinstance(value, dict) else "table"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    word = words.get(schema.get("type", ""))
    if word is None:
        return "any"
    limits = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {schema[name]:g}" for name, sign in limits.items() if name in schema]
    return " ".join([word, ", ".join(bounds)]).strip()


def _toml(value: Any) -> str:
    """A value as it stands in a TOML file; a dash for none."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, float) and value < 0.01 and value:
        return f"{value:.0e}".replace("e-0", "e-")
    return "{}" if value == {} else "" if value is None else str(value)


def _code(text: str) -> str:
    return f"`{text}`" if text else "–"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def commands() -> str:
    """A section for each command of the command line, from its signature."""
    import inspect

    from lawful.cli import app

    parts = []
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__
        given = inspect.signature(command.callback, eval_str=True).parameters
        arguments = {key: p for key, p in given.items() if not _declared(p)}
        words = [_described(p).metavar or key.upper() for key, p in arguments.items()]
        parts += [f"## `lawful {name}`", inspect.getdoc(command.callback) or ""]
        parts.append(f"```\nlawful {' '.join([name, *words, *['[OPTIONS]'] * (len(arguments) < len(given))])}\n```")
        rows = [_argument(key, p) for key, p in given.items()]
        if rows:
            parts.append("\n".join(["| argument | what it is |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def _described(parameter: Any) -> Any:
    """What `Annotated` says of a parameter."""
    return parameter.annotation.__metadata__[0]


def _declared(parameter: Any) -> tuple[str, ...]:
    """Names of an option, as ("-o", "--out"); none for an argument."""
    described = _described(parameter)
    names = (described.default, *(described.param_decls or ()))  # inside Annotated the first name stands as default
    return tuple(name for name in names if isinstance(name, str) and name.startswith("-"))


def _argument(key: str, parameter: Any) -> str:
    described, names, usual = _described(parameter), _declared(parameter), parameter.default
    if not names:
        return f"| `{described.metavar or key.upper()}` | {_cell(described.help)} |"
    word = "" if isinstance(usual, bool) else " " + (described.metavar or names[-1].lstrip("-").upper())
    shown = " or ".join(f"`{name}{word}`" for name in names)
    more = " Required." if usual is parameter.empty else f" Default: `{usual}`." if isinstance(usual, str) else ""
    times = " May be given several times." if "list[" in str(parameter.annotation) else ""
    return f"| {shown} | {_cell(described.help)}{more}{times} |"
