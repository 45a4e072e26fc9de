"""The page behind `mlbook.audit.ledger`: a table, a search field, two filters, and their script.

`[[NAME]]` marks what Python fills in.
"""

from mlbook.interactive_page import begin_when_placed

TABLE = r"""
<div class="mlbook-ledger">
<style>
.text_html:has(> .mlbook-ledger) { background: none !important; color: inherit !important; }
.mlbook-ledger { font-size: 0.85rem; color: inherit; }
.mlbook-ledger form { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: end;
  margin: 0 0 0.75rem; }
.mlbook-ledger form[hidden] { display: none; }
.mlbook-ledger label { display: flex; flex-direction: column; gap: 0.2rem; }
.mlbook-ledger input, .mlbook-ledger select { font: inherit; padding: 0.25rem 0.4rem;
  color: inherit; background: transparent; border: 1px solid #8888; border-radius: 0.3rem; }
.mlbook-ledger option { color: #000; background: #fff; }
.mlbook-ledger input { width: 16rem; max-width: 100%; }
.mlbook-ledger .scroll { max-height: 38rem; overflow: auto; border: 1px solid #8886; }
.mlbook-ledger table { border-collapse: collapse; width: 100%; min-width: 52rem; margin: 0;
  table-layout: fixed; }
.mlbook-ledger th { position: sticky; top: 0; text-align: left; background: #e9eef2; color: #000;
  z-index: 1; }
.mlbook-ledger :is(th, td) { padding: 0.35rem 0.5rem; vertical-align: top; text-align: left;
  white-space: normal; overflow-wrap: break-word; border-bottom: 1px solid #8884; }
.mlbook-ledger td:nth-child(2) { border-left: 0.35rem solid var(--verdict); }
.mlbook-ledger small { opacity: 0.75; }
.mlbook-ledger tr[hidden] { display: none; }
.mlbook-ledger code { font-size: 0.8em; overflow-wrap: anywhere; }
</style>
<form hidden>
<label>Search <input type="search" placeholder="a word, a line number, an id"></label>
<label>Kind <select name="kind">[[KINDS]]</select></label>
<label>Verdict <select name="verdict">[[VERDICTS]]</select></label>
<output aria-live="polite">[[TOTAL]] claims</output>
</form>
<div class="scroll" tabindex="0" role="region" aria-label="The ledger of claims">
<table>
<colgroup><col style="width: 30%"><col style="width: 12%"><col style="width: 30%">
<col style="width: 9%"><col style="width: 7%"><col style="width: 12%"></colgroup>
<thead><tr><th scope="col">claim, and what would refute it</th>
<th scope="col">verdict</th><th scope="col">evidence</th>
<th scope="col">article</th><th scope="col">kind</th><th scope="col">chapter, id</th></tr></thead>
<tbody>
[[ROWS]]
</tbody></table></div>
<script>
(() => {
  "use strict";
  function begin(root) {
    const form = root.querySelector("form");
    const [search, kind, verdict] = form.querySelectorAll("input, select");
    const count = form.querySelector("output");
    const rows = [...root.querySelectorAll("tbody tr")];
    // the web book has the chapters as pages, Jupyter as notebooks
    const ending = location.pathname.endsWith(".html") ? ".html" : ".ipynb";
    root.querySelectorAll("a[data-chapter]").forEach(
      link => { link.href = link.dataset.chapter + ending; });
    function filter() {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !(words.every(word => text.includes(word))
          && (!kind.value || row.dataset.kind === kind.value)
          && (!verdict.value || row.dataset.verdict === verdict.value));
        shown += !row.hidden;
      }
      count.textContent = `${shown} of ${rows.length} claims`;
    }
    form.addEventListener("input", filter);
    form.addEventListener("submit", event => event.preventDefault());
    form.hidden = false;
    filter();
  }

""" + begin_when_placed("mlbook-ledger", "table")
