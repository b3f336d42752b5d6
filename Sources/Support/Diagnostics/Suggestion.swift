/// The candidate nearest to `word` by edit distance, where it is near enough to be a likely misspelling.
///
/// - Returns: the candidate with at most ⌈|word|/3⌉ edits (never fewer than 1), or nil.
public func suggestion(for word: String, among candidates: some Sequence<String>) -> String? {
    let limit = max(1, (word.count + 2) / 3)
    // A distance is never below the difference of lengths: a page of text is compared with nothing.
    let ranked = candidates.filter { abs($0.count - word.count) <= limit }.map {
        ($0, editDistance(word.lowercased(), $0.lowercased()))
    }
    guard let best = ranked.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }), best.1 <= limit else { return nil }
    return best.0
}

/// Damerau–Levenshtein distance with adjacent transpositions (optimal string alignment).
func editDistance(_ a: String, _ b: String) -> Int {
    let a = Array(a), b = Array(b)
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var before = [Int](), last = Array(0...b.count)
    for i in 1...a.count {
        var row = [i]
        for j in 1...b.count {
            let cost = a[i - 1] == b[j - 1] ? 0 : 1
            var best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { best = min(best, before[j - 2] + 1) }
            row.append(best)
        }
        (before, last) = (last, row)
    }
    return last[b.count]
}
