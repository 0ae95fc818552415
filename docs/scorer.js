/* How the search of the site ranks what it finds. Pages that answer a question come first, then the
   reference, then methods and attributes in it; the changelog names everything and comes last. */
const Scorer = {
  score: (result) => {
    const [page, title, anchor, description, score, filename, kind] = result;
    if (page === "changelog" || page === "contributing") return score - 40;
    if (!page.startsWith("reference/")) return score + 30;
    // Its methods stand on the page of a class.
    return anchor && (title.match(/\./g) || []).length > 3 ? score - 10 : score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
