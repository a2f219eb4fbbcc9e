"""How the page looks: its colors, its few rules of style, its switch between light and dark."""

from __future__ import annotations

import gradio as gr

#: No font is fetched from anywhere.
_FONT = ("ui-sans-serif", "system-ui", "sans-serif")
_MONO = ("ui-monospace", "Consolas", "monospace")

CSS = """
.gradio-container { max-width: 1280px !important; margin: 0 auto !important; }
#title { display: flex; align-items: center; gap: .6rem; }
#title h1 { font-size: 1.35rem; margin: 0; letter-spacing: .01em; }
#title p { margin: 0; opacity: .7; }
#gallery .grid-wrap { max-height: 21rem; }
#gallery .grid-container { padding-top: 1.6rem; }
#gallery .thumbnail-lg { border-radius: .5rem; }
.chosen { align-items: center; }
.chosen img { border-radius: .4rem; }
#paint { font-size: 1.05rem; }
#looks .grid-wrap, #given .grid-wrap { max-height: none; min-height: 0; height: auto; }
#looks .grid-container, #given .grid-container { padding-top: 1.6rem; grid-auto-rows: auto;
  grid-template-rows: none; }
#looks .thumbnail-lg { display: flex; flex-direction: column; aspect-ratio: auto; height: auto; }
#looks .thumbnail-lg img { height: auto; }
#looks .caption-label { position: static; max-width: none; white-space: normal; background: none;
  border: 0; box-shadow: none; padding: .25rem .4rem; }
#plan:empty { display: none; }
footer { opacity: .6; }
@media (max-width: 640px) {
  #title p { display: none; }
  .tabs, .tab-container, #title { max-width: calc(100vw - 4rem); }
  .tab-container { overflow-x: auto; }
  #looks .grid-container { grid-template-columns: repeat(2, 1fr); }
}
"""

#: Switches between light and dark, and remembers it.
SWITCH = """() => {
  const dark = document.body.classList.toggle('dark');
  localStorage.setItem('impasto-dark', dark ? '1' : '0');
}"""

#: As it was left, or as the system has it.
BEGIN = """() => {
  const kept = localStorage.getItem('impasto-dark');
  if (kept !== null) document.body.classList.toggle('dark', kept === '1');
}"""


def theme() -> gr.Theme:
    """Return the page's theme: warm grays and one color of paint."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.orange,
        secondary_hue=gr.themes.colors.amber,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_md,
        font=_FONT,
        font_mono=_MONO,
    ).set(
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_text_color="white",
        block_title_text_weight="600",
    )
