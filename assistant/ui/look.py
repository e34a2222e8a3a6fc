"""The app's look: Streamlit's theme from the product's colours, and the style sheet of our own parts."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from assistant.theme import SCHEMES, Scheme, css_variables, palette, variables

_FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def streamlit_options() -> dict[str, Any]:
    """Options for ``streamlit run``: the theme in light and dark, and a server that talks to nobody but the browser."""
    options: dict[str, Any] = {
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "client.toolbarMode": "viewer",
        "runner.magicEnabled": False,
        "server.fileWatcherType": "none",
        "server.maxUploadSize": 20,
        "server.headless": True,
        "theme.font": _FONT,
        "theme.baseRadius": "6px",
        "theme.buttonRadius": "6px",
    }
    for scheme in SCHEMES:
        colours = palette(5, scheme)
        main = {
            "primaryColor": colours.accent,
            "backgroundColor": colours.page.fill,
            "secondaryBackgroundColor": colours.surface.fill,
            "textColor": colours.page.ink,
            "linkColor": colours.accent,
            "borderColor": colours.line,
        }
        sidebar = {"backgroundColor": colours.surface.fill, "secondaryBackgroundColor": colours.page.fill}
        options |= {f"theme.{scheme}.{name}": value for name, value in main.items()}
        options |= {f"theme.{scheme}.sidebar.{name}": value for name, value in sidebar.items()}
    return options


@lru_cache(maxsize=32)
def style(stages: int, scheme: Scheme | None) -> str:
    """The style sheet in a ``<style>`` tag. ``scheme`` None: as the browser asks."""
    if scheme is None:
        named = css_variables(stages)
    else:
        named = f":root{{color-scheme:{scheme};{''.join(f'{n}:{v};' for n, v in variables(palette(stages, scheme)).items())}}}"
    return f"<style>{named}{_CSS}</style>"


_CSS: Final = """
.stMainBlockContainer{max-width:1240px;padding-top:4.2rem;padding-bottom:3rem}
.stMainBlockContainer h1{font-size:1.7rem;padding:.1rem 0 .3rem}
.stMainBlockContainer h2{font-size:1.25rem}.stMainBlockContainer h3{font-size:1.05rem}
.assistant-pane{container-type:inline-size}.assistant-pane svg{display:block}
.narrow{display:none}@container (max-width:640px){.wide:not(.half){display:none}.narrow:not(.half){display:block}}
@container (max-width:420px){.wide.half{display:none}.narrow.half{display:block}}
.assistant-pane a:focus-visible,.assistant-pane [tabindex]:focus-visible,.stHtml a:focus-visible,summary:focus-visible{
 outline:3px solid var(--accent);outline-offset:2px;border-radius:3px}
[data-testid="stSidebarNavLink"]:focus-visible,.stApp div:has(>input:focus-visible),.stApp div:has(>textarea:focus-visible){
 outline:2px solid var(--accent);outline-offset:1px}
[data-testid="stCaptionContainer"],[data-testid="stCaptionContainer"] *,.stButton kbd,.stFileUploader [data-testid="stIconMaterial"],
[data-testid="stSidebarNavLink"]:not([aria-current]) [data-testid="stIconMaterial"]{color:var(--muted)!important;opacity:1}
[data-testid="stSidebarNavLink"][aria-current] [data-testid="stIconMaterial"]{color:var(--page-ink)!important;opacity:1}
[data-tag],[data-tag] *{color:var(--page)!important}
[data-testid="stBaseButton-primary"] kbd{color:var(--page)!important}
@media (hover:none){.stButton kbd,[data-testid="InputInstructions"]{display:none}}
.stButtonGroup [role="radiogroup"]{gap:.3rem}
.stButtonGroup [role="radiogroup"] button{border:1px solid var(--line)!important;border-radius:6px!important;margin:0!important}
.stButtonGroup [role="radiogroup"] button[aria-checked="true"]{border-color:var(--accent)!important}
[data-testid="stSelectbox"] input,[data-testid="stSelectbox"] [role="combobox"]{text-overflow:ellipsis}
[class*="st-key-case-"]{display:grid;grid-template-columns:minmax(11rem,3fr) 6fr auto;gap:.3rem .9rem;align-items:center;width:100%}
[class*="st-key-owner-"]{display:grid;grid-template-columns:1fr auto;gap:.9rem;align-items:center;width:100%}
[data-testid="stRadioOption"]>div>div:first-child,.stCheckbox label>div:nth-child(2):not([data-testid]){box-shadow:0 0 0 1px var(--muted)}
.st-key-show-here{position:absolute}
@media (max-width:640px){[class*="st-key-case-"]{grid-template-columns:1fr auto;border-top:1px solid var(--line);padding-top:.6rem}
 [class*="st-key-case-"]>:nth-child(2){grid-row:2;grid-column:1/-1}
 .st-key-review-buttons{gap:.5rem}.stButtonGroup [role="radiogroup"] button{padding-left:.6rem;padding-right:.6rem}
 table.plain th,table.plain td{padding-left:.25rem;padding-right:.25rem}}
.stHtml a,.assistant-pane li a{color:var(--accent)}
.two{display:grid;grid-template-columns:1fr 1fr;gap:.2rem 1rem}
[data-testid^="stBaseButton-primary"]:enabled,[data-testid^="stBaseButton-primary"]:enabled *{color:var(--page)!important}
.lead{font-size:1.02rem;color:var(--muted);margin:0 0 .4rem;max-width:52rem}
.chips{display:flex;flex-wrap:wrap;gap:.3rem;margin:.25rem 0}
.chip{display:inline-block;padding:.06rem .5rem;border-radius:1rem;border:1px solid var(--line);font-size:.82rem;line-height:1.45;
 background:var(--surface);color:var(--surface-ink);overflow-wrap:anywhere}
.chip.quiet{color:var(--muted);border-style:dashed}.chip.code{font-variant-numeric:tabular-nums;font-weight:600}
.chip.unknown{color:var(--muted);border-style:dashed;background:transparent}
.chip.conflict{background:var(--conflict);color:var(--conflict-ink);border-color:transparent}
.chip.state-confirmed{border-color:var(--accent);color:var(--accent);font-weight:600;background:transparent}
.chip.state-rejected{text-decoration:line-through;color:var(--muted)}
.chip.state-unsure{border-style:dotted;border-width:2px}
.quote{margin:.3rem 0;padding:.35rem .2rem .35rem .8rem;border-left:3px solid var(--accent);background:transparent}
.quote p{margin:0;overflow-wrap:anywhere}.quote footer{color:var(--muted);font-size:.85rem;margin-top:.15rem}
.break{overflow-wrap:anywhere}.muted{color:var(--muted)}.small{font-size:.86rem}.nowrap{white-space:nowrap}
.row{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.2rem,1fr));gap:.4rem;margin:.4rem 0}
.cell{border:1px solid var(--line);border-radius:6px;padding:.4rem .55rem;background:var(--surface);
 color:var(--surface-ink);font-size:.88rem;min-width:0}
@media (min-width:900px){.row.spans{grid-template-columns:repeat(var(--stages),1fr)}.row.spans .cell{grid-column:span var(--span)}}
.cells{display:grid;gap:.4rem;margin-bottom:.4rem}.tight{margin:0!important;padding:0!important}
.stHtml .cell p{font-size:.88rem}.stHtml p.small,.stHtml .small{font-size:.86rem}.stHtml .quote footer{font-size:.85rem}
.cell p{margin:.15rem 0 0;overflow-wrap:anywhere;line-height:1.35}.cell b{font-size:.78rem;color:var(--muted);font-weight:600}
.cell .swatches{display:flex;gap:2px;margin-bottom:.3rem}.cell .swatches i{height:5px;flex:1;border-radius:2px}
.cell.proposed{border:2px solid var(--accent);background:var(--page);color:var(--page-ink)}
.cell.fits{border:2px dashed var(--accent)}
.cell .note{display:inline-block;margin-top:.25rem;font-size:.76rem;font-weight:700;color:var(--accent)}
.turn{margin:0 0 .7rem;overflow-wrap:anywhere;line-height:1.55}
.turn .who{display:block;font-size:.8rem;color:var(--muted);font-weight:600;user-select:none}
.turn.interviewer{color:var(--muted)}
.turn mark,.inline mark{background:var(--mark);color:var(--mark-ink);border-radius:2px;padding:.05em 0;cursor:pointer;
 box-decoration-break:clone;-webkit-box-decoration-break:clone}
.turn mark.s-confirmed{box-shadow:inset 0 -2px 0 var(--accent)}
.turn mark.s-rejected{background:transparent;color:inherit;text-decoration:line-through;text-decoration-color:var(--muted)}
.turn mark.s-unsure{box-shadow:inset 0 -2px 0 var(--muted)}
.turn mark.at-focus{outline:2px solid var(--accent);outline-offset:1px}
.reader{max-height:70vh;overflow-y:auto;border:1px solid var(--line);border-radius:6px;padding:.9rem 1rem;background:var(--page)}
.context{max-height:23rem;overflow-y:auto;border:1px solid var(--line);border-radius:6px;padding:.7rem .9rem}
.context .turn:last-child{margin-bottom:0}
@media (min-width:900px){.context.steady{height:19rem;max-height:none}}
.turn .found{outline:2px dashed var(--accent);outline-offset:2px}
.named .turn mark[data-e]::after{content:" " attr(data-e);font-size:.72rem;font-weight:600;color:var(--muted);user-select:none}
[data-testid="stLayoutWrapper"]:has(>.st-key-what-if-result){position:sticky;top:3.6rem;z-index:9;background:var(--page);
 border-bottom:1px solid var(--line);padding:.4rem 0}
.chain>div{padding:.25rem 0 .25rem .7rem;border-left:3px solid var(--line)}
.chain{margin:.2rem 0 .6rem}.chain p{margin:.15rem 0 0}.chain>div:nth-child(2){margin-left:1rem}.chain>div:nth-child(3){margin-left:2rem}
@media (max-width:640px){.chain>div:nth-child(n){margin-left:0}}
.headline{display:flex;flex-wrap:wrap;align-items:baseline;gap:.6rem;margin:.2rem 0 .4rem}
.headline .stage{font-size:1.5rem;font-weight:700;padding:.1rem .8rem;border-radius:8px}
.group{display:grid;grid-template-columns:minmax(7rem,1fr) minmax(12rem,1.7fr);gap:.2rem .9rem;align-items:center;padding:.4rem 0;
 border-top:1px solid var(--line)}
.group b{font-weight:600}
.legend{display:flex;flex-wrap:wrap;gap:.3rem .9rem;font-size:.82rem;color:var(--muted);margin:.2rem 0}
.steps{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.8rem;margin:.4rem 0 1rem}
.step{border:1px solid var(--line);border-radius:8px;padding:.7rem .9rem;background:var(--surface);color:var(--surface-ink)}
.step b{display:block;margin-bottom:.2rem}.step .n{display:inline-block;width:1.6rem;height:1.6rem;border-radius:50%;text-align:center;
 line-height:1.6rem;background:var(--accent);color:var(--page);font-weight:700;margin-right:.4rem}
.step.done .n{background:var(--muted)}.step.now{border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}
.tablewrap{overflow-x:auto}
table.plain{border-collapse:collapse;width:100%;font-size:.9rem;margin:.3rem 0}
table.plain th,table.plain td{border-bottom:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top;
 overflow-wrap:anywhere}
table.plain th{color:var(--muted);font-weight:600;font-size:.82rem}
table.plain td.num,table.plain th.num{text-align:right;font-variant-numeric:tabular-nums}
.fw-table td{min-width:8rem}table.plain th{overflow-wrap:normal}
@media (max-width:640px){table.stack tr:first-child{display:none}table.stack,table.stack tbody,table.stack tr{display:block}
 table.stack tr{border-bottom:1px solid var(--line);padding:.4rem 0}
 table.stack td{display:grid;grid-template-columns:6.6rem 1fr;gap:.2rem .6rem;border:0;padding:.15rem 0;min-width:0}
 table.stack td:first-child{display:block;font-weight:600}table.stack td.num{text-align:left}
 table.stack td[data-label]::before{content:attr(data-label);color:var(--muted);font-size:.82rem}}
.ask{font-size:1.4rem;line-height:1.4;font-weight:600;margin:.4rem 0 .2rem;max-width:46rem;overflow-wrap:anywhere}
.stHtml p.ask{font-size:1.4rem}.stHtml p.ask.aside{font-size:1.1rem}
.consent{border:1px solid var(--line);border-radius:8px;padding:.4rem 1.1rem;background:var(--surface);color:var(--surface-ink);
 max-width:46rem}
.consent p{line-height:1.55;overflow-wrap:anywhere}
.elements{display:grid;gap:.1rem}.elements h4{margin:.6rem 0 .1rem;padding:0;font-size:.82rem;color:var(--muted);font-weight:600}
.element{display:flex;gap:.5rem;align-items:baseline;padding:.1rem .35rem;border-radius:5px;font-size:.9rem;border:1px solid transparent}
.element i{font-style:normal;font-size:1.15rem;line-height:1;width:1.2rem;text-align:center;flex:none}.element span{flex:1;min-width:0}
.element small{color:var(--muted);font-size:.8rem;text-align:right}.element.now{border-color:var(--accent)}
.element.settled i,.element.conflict i{color:var(--accent);font-weight:700}
.said{margin:.2rem 0 .8rem}.said .q{color:var(--muted);margin:0}.said .a{margin:.1rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere}
@media (max-width:640px){.stHtml p.ask{font-size:1.2rem}}
@media (max-width:640px){.group{grid-template-columns:1fr}.stMainBlockContainer{padding-left:1rem;padding-right:1rem}
 .reader{max-height:60vh;padding:.6rem .7rem}.headline .stage{font-size:1.25rem}}
"""
