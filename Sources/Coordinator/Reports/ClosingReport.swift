import Foundation
import Scoring
import Support

/// What a run prints at its end: a table, a few sample documents, and the files written.
public enum ClosingReport {
    /// P@1/3/5, nDCG@5, PSP@1/3/5 of each learner and of the ensemble (nil: not made), in per cent.
    public static func table(learners: [(seed: Int, metrics: MetricTable)], ensemble: MetricTable?) -> String {
        let header = ["", "P@1", "P@3", "P@5", "nDCG@5", "PSP@1", "PSP@3", "PSP@5"]
        func row(_ name: String, _ m: MetricTable) -> [String] {
            [name] + [m.P[0], m.P[2], m.P[4], m.nDCG[4], m.PSP[0], m.PSP[2], m.PSP[4]].map(Quantity.percent)
        }
        let rows = learners.map { row("seed \($0.seed)", $0.metrics) } + (ensemble.map { [row("ensemble", $0)] } ?? [])
        return TextTable(header: header, rows: rows).text
    }

    /// In place of the table, where no test document has a label: figures of 0 would be taken for a bad model's.
    public static func notMeasured(documents: Int) -> String {
        "not measured: "
            + (documents == 0
                ? "there is no test document" : "none of \(Quantity.plural(documents, "test document")) has a label")
    }

    /// `10 nearest training documents by tf-idf: P@1 70.51, P@3 61.20, P@5 52.34`: a line below the table.
    public static func baseline(_ metrics: MetricTable, documents: Int, by features: String) -> String {
        let figures = [1, 3, 5].map { "P@\($0) \(Quantity.percent(metrics.P[$0 - 1]))" }
        return "\(Quantity.plural(documents, "nearest training document")) by \(features): \(figures.joined(separator: ", "))"
    }

    /// `waited for messages: rank 1 0.52 s, rank 2 0.61 s`; nil where no rank had to.
    public static func waited(_ seconds: [Double]) -> String? {
        let ranks = seconds.indices.filter { seconds[$0] > 0 }.map { "rank \($0) \(String(format: "%.2f", seconds[$0])) s" }
        return ranks.isEmpty ? nil : "waited for messages: \(ranks.joined(separator: ", "))"
    }

    /// Every path on a line of its own, with its size where it can be read.
    public static func files(_ paths: [String]) -> String {
        let lines = paths.map { path in
            let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            return "  \(path)" + (size.map { " (\(Quantity.bytes($0)))" } ?? "")
        }
        return (["Written"] + lines).joined(separator: "\n")
    }
}

/// Some test documents with their predictions, for a person to look at.
public struct SampleDocuments {
    /// Texts of test documents, by their numbers; empty where only features are known.
    public var texts: [Int: String]
    /// Names of original labels, by their ids; empty where none are known.
    public var labelNames: [Int: String]
    /// Characters a line.
    public var width: Int

    public init(texts: [Int: String] = [:], labelNames: [Int: String] = [:], width: Int = 100) {
        self.texts = texts
        self.labelNames = labelNames
        self.width = width
    }

    /// `count` documents that have labels, spread evenly over the test set.
    public static func choose(truth: CSRMatrix, count: Int = 5) -> [Int] {
        let labelled = (0..<truth.rows).filter { !truth.range($0).isEmpty }
        let taken = min(count, labelled.count)
        return (0..<taken).map { labelled[labelled.count * $0 / taken] }
    }

    /// Each document's text on one line, then its best labels, which come with it; hits are marked by ✓.
    public func text(ranked: [(document: Int, labels: [RankKey])], truth: CSRMatrix) -> String {
        let blocks = ranked.map { row, ranked in
            let labels = truth.columns(row)
            let hits = ranked.filter { labels.holds($0.label) }.count
            let names = ranked.map { (labels.holds($0.label) ? "✓ " : "  ") + name($0.label) }
            let head = shortened(texts[row] ?? "test document \(row)")
            let found = "    \(hits) of its \(Quantity.plural(labels.count, "label")) found"
            return ([head] + names.map { "    " + $0 } + (names.isEmpty ? ["    no prediction"] : []) + [found])
                .joined(separator: "\n")
        }
        return blocks.joined(separator: "\n")
    }

    private func name(_ label: Int32) -> String {
        labelNames[Int(label)].flatMap { $0.isEmpty ? nil : $0 } ?? "label \(label)"
    }

    /// One line: runs of white space become a space, and longer text ends in an ellipsis.
    private func shortened(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard line.count > width else { return line }
        return line.prefix(width - 1).trimmingCharacters(in: .whitespaces) + "…"
    }
}
