import Foundation
import Reports
import Scoring
import Support

extension Evaluation {
    /// JSON with sorted keys, lists of numbers on one line; the keys are those of `metrics.json`.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return MetricsReport.joinNumberLists(String(decoding: try encoder.encode(self), as: UTF8.self)) + "\n"
    }

    /// Where no document counts, all figures are 0 and mean nothing: that, in a sentence.
    public var nothing: String? { documents == 0 ? "nothing to measure: no document has a label" : nil }

    /// Tables for a person, in per cent.
    public var text: String {
        var parts = ["\(Quantity.plural(documents, "document")) with labels, \(Quantity.plural(labels, "label"))"]
        if let beta { parts[0] += ", β \(LearnerEvaluation.key(beta))" }
        if let nothing { return "\(parts[0])\n\n\(nothing)" }
        parts.append(metrics.table)
        parts.append(labelMetrics.table)
        if let atThreshold { parts.append(atThreshold.table) }
        if let amongAll { parts.append("the same labels, ranked among all labels:\n\(amongAll.table)") }
        if let segments { parts.append(segmentTable(segments)) }
        if metrics.PSP == nil { parts.append("PSP, PSnDCG and the head/torso/tail split need --train-labels") }
        if let byBeta { parts.append(Self.comparison("β", byBeta)) }
        if let byBetaBeforeReranker { parts.append(Self.comparison("β, before the re-ranker", byBetaBeforeReranker)) }
        if let stages { parts.append(Self.comparison("stage alone", stages)) }
        return parts.joined(separator: "\n\n")
    }

    private func segmentTable(_ segments: [String: SegmentTable]) -> String {
        let ranks = [1, 3, 5]
        let header = ["labels by frequency", "labels", "test pairs"] + ranks.map { "P@\($0)" } + ranks.map { "R@\($0)" }
        let rows = LabelSegments.names.compactMap { name in
            segments[name].map { table in
                [name, Quantity.count(table.labels), Quantity.count(table.pairs)]
                    + ranks.map { Quantity.percent(table.P[$0 - 1]) } + ranks.map { Quantity.percent(table.R[$0 - 1]) }
            }
        }
        return TextTable(header: header, rows: rows).text
    }

    private static func comparison(_ name: String, _ tables: [String: Figures]) -> String {
        let ranks = [1, 3, 5]
        func cells(_ values: [Double]?) -> [String] { values.map { v in ranks.map { Quantity.percent(v[$0 - 1]) } } ?? [] }
        let scored = tables.values.contains { $0.PSP != nil }
        let header = [name] + ranks.map { "P@\($0)" } + ["nDCG@5"] + (scored ? ranks.map { "PSP@\($0)" } : []) + ["R@5"]
        let rows = tables.sorted { $0.key < $1.key }.map { key, table in
            [key] + cells(table.P) + [Quantity.percent(table.nDCG[4])] + cells(table.PSP) + [Quantity.percent(table.R[4])]
        }
        return TextTable(header: header, rows: rows).text
    }
}

extension Evaluation.Figures {
    fileprivate var table: String {
        let rows: [(String, [Double]?)] = [("P", P), ("nDCG", nDCG), ("PSP", PSP), ("PSnDCG", PSnDCG), ("R", R)]
        return TextTable(
            header: [""] + P.indices.map { "@\($0 + 1)" },
            rows: rows.compactMap { name, values in values.map { [name] + $0.map(Quantity.percent) } }
        ).text
    }
}

extension LabelTable {
    fileprivate var table: String {
        let rows = [("micro F1", microF1), ("macro F1", macroF1), ("coverage", coverage)]
        return TextTable(
            header: ["by label"] + microF1.indices.map { "@\($0 + 1)" },
            rows: rows.map { name, values in [name] + values.map(Quantity.percent) }
        ).text
    }
}

extension ThresholdFigures {
    fileprivate var table: String {
        let rows = [
            ("micro", metrics.microP, metrics.microR, metrics.microF1),
            ("macro", metrics.macroP, metrics.macroR, metrics.macroF1),
        ]
        let table = TextTable(
            header: ["at or above \(threshold)", "precision", "recall", "F1"],
            rows: rows.map { name, P, R, F1 in [name] + [P, R, F1].map(Quantity.percent) }
        ).text
        return table + "\ncoverage \(Quantity.percent(metrics.coverage)); "
            + "\(String(format: "%.2f", labelsPerDocument)) labels a document, none for "
            + Quantity.plural(documentsWithout, "document")
    }
}
