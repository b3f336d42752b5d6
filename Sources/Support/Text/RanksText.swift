/// `rank 3`, `ranks 1–4`, `ranks 1, 3`.
package func ranksText(_ ranks: [Int]) -> String {
    guard ranks.count > 1, let first = ranks.first, let last = ranks.last else {
        return ranks.first.map { "rank \($0)" } ?? "no rank"
    }
    let isRun = last - first == ranks.count - 1
    return "ranks " + (isRun && ranks.count > 2 ? "\(first)–\(last)" : ranks.map(String.init).joined(separator: ", "))
}
