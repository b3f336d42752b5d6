import Foundation

/// Numbers as a person reads them.
public enum Quantity {
    /// `0.25 s`, `12.3 s`, `4.5 min`, `1.25 h`.
    public static func seconds(_ seconds: Double) -> String {
        switch abs(seconds) {
        case ..<9.995: String(format: "%.2f s", seconds)
        case ..<99.95: String(format: "%.1f s", seconds)
        case ..<(60 * 99.95): String(format: "%.1f min", seconds / 60)
        default: String(format: "%.2f h", seconds / 3600)
        }
    }

    /// `12 KiB`, `0.3 MiB`, `512 MiB`, `1.50 GiB`.
    public static func bytes(_ bytes: Int) -> String {
        let mebibytes = Double(bytes) / 1_048_576
        switch mebibytes {
        case ..<0.095: return "\(Int((Double(bytes) / 1024).rounded(.up))) KiB"
        case ..<9.95: return String(format: "%.1f MiB", mebibytes)
        case ..<1023.5: return String(format: "%.0f MiB", mebibytes)
        default: return String(format: "%.2f GiB", mebibytes / 1024)
        }
    }

    /// `13,114`.
    public static func count(_ count: Int) -> String {
        let digits = Array(String(count.magnitude))
        var text = count < 0 ? "-" : ""
        for (i, digit) in digits.enumerated() {
            if i > 0, (digits.count - i) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// A figure in per cent, with two decimals and no sign: `72.49`.
    public static func percent(_ value: Double) -> String { String(format: "%.2f", value) }

    /// `1 worker`, `7 workers`.
    public static func plural(_ count: Int, _ noun: String) -> String {
        "\(Self.count(count)) \(noun)\(count == 1 ? "" : "s")"
    }

    /// `1 label`, `62–63 labels`, of the least and the largest of some counts.
    public static func span(_ counts: [Int], _ noun: String) -> String {
        guard let low = counts.min(), let high = counts.max() else { return "no \(noun)s" }
        return low == high ? plural(low, noun) : "\(count(low))–\(count(high)) \(noun)s"
    }
}

/// `rank 3`, `ranks 1–4`, `ranks 1, 3`.
package func ranksText(_ ranks: [Int]) -> String {
    guard ranks.count > 1, let first = ranks.first, let last = ranks.last else {
        return ranks.first.map { "rank \($0)" } ?? "no rank"
    }
    let (span, isTooFar) = last.subtractingReportingOverflow(first), isRun = !isTooFar && span == ranks.count - 1
    return "ranks " + (isRun && ranks.count > 2 ? "\(first)–\(last)" : ranks.map(String.init).joined(separator: ", "))
}

/// Columns of text for a terminal: the first is set left, the others right.
public struct TextTable {
    public var header: [String]
    public var rows: [[String]]

    public init(header: [String], rows: [[String]]) {
        (self.header, self.rows) = (header, rows)
    }

    public var text: String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { cells in
            let padded = cells.indices.map { i in
                let space = String(repeating: " ", count: widths[i] - cells[i].count)
                return i == 0 ? cells[i] + space : space + cells[i]
            }
            return padded.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
