"""Sphinx configuration of the web book: everything a page needs comes from the book itself."""

project = "Metric Learning, re-executed"
author = "the authors of mlbook"
copyright = "the authors of mlbook; text and figures CC BY 4.0, code Apache-2.0"
html_title = project
language = "en"

extensions = ["myst_nb", "sphinx_copybutton", "sphinx-mathjax-offline"]

# Chapters are executed by `mlbook execute`, which knows when they must be executed again.
nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js = {}
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 3

# MathJax 3 from the extension above; Sphinx's own default is version 4 from another host.
mathjax_path = "mathjax/tex-chtml.js"
mathjax3_config = {
    # no address of another host behind the menu of a formula, and no speech from one
    "options": {"enableMenu": False},
}

html_context = {"default_mode": "auto"}
html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_copy_source = False
html_show_sourcelink = False
# a page opened as a file may not read the others, from which the extracts would come
html_show_search_summary = False
html_theme_options = {
    "logo": {
        "text": 'Metric Learning, re-executed<br><span lang="zh">度量学习：逐行重新执行</span>'
    },
    # the search stands in the sidebar; a second one would need a bar of its own
    "navbar_persistent": [],
    "show_toc_level": 2,
    "footer_content_items": ["copyright.html"],
    "use_download_button": False,
    "use_fullscreen_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
copybutton_exclude = ".linenos, .gp, .go"
