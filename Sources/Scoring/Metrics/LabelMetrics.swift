/// What sets of predicted labels are worth label by label, in per cent: where rare labels count as much as frequent ones, and
/// where a wrong prediction costs something.
///
/// A set is what is predicted for a document: its k best labels, or those at or above a threshold. With TP, FP and FN of a label
/// counted over all test documents (those without a label too: all that is predicted for them is wrong),
/// - *micro*: P = ΣTP ÷ Σ(TP + FP), R = ΣTP ÷ Σ(TP + FN), F1 = 2ΣTP ÷ Σ(2TP + FP + FN), sums over labels;
/// - *macro*: the mean over all labels of P, R and F1 = 2TP ÷ (2TP + FP + FN) of each (Manning, Raghavan & Schütze, *Introduction to
///   Information Retrieval*, 2008, §13.6; macro F1@k: Schultheis et al., NeurIPS 2023, "Generalized test utilities for long-tail
///   performance in extreme multi-label classification");
/// - *coverage*: the share of the labels that some test document has which are found for at least one of them (Babbar & Schölkopf,
///   Machine Learning 108, 2019, "Data scarcity, robustness and extreme multi-label classification"; Schultheis et al. divide by
///   all labels instead).
///
/// What would be divided by 0 is 0: P of a label that is never predicted, R of one that no document has, F1 of one that is neither.
/// These labels count in the macro means. That is scikit-learn's `precision_recall_fscore_support` of indicator matrices with
/// `zero_division=0`.
public struct LabelFigures: Codable, Sendable, Equatable {
    public var microP = 0.0, microR = 0.0, microF1 = 0.0
    public var macroP = 0.0, macroR = 0.0, macroF1 = 0.0
    public var coverage = 0.0

    enum CodingKeys: String, CodingKey {
        case coverage
        case microP = "micro_P"
        case microR = "micro_R"
        case microF1 = "micro_F1"
        case macroP = "macro_P"
        case macroR = "macro_R"
        case macroF1 = "macro_F1"
    }

    /// - Parameters:
    ///   - hits, predicted, relevant: TP, TP + FP and TP + FN of each label.
    ///   - labels: over which the macro means are taken; the counts of others are 0.
    init(hits: [UInt32], predicted: [UInt32], relevant: [UInt32], labels: Int) {
        var all = (hits: 0, predicted: 0, relevant: 0), found = 0, wanted = 0
        for label in hits.indices {
            let (hit, made, real) = (Int(hits[label]), Int(predicted[label]), Int(relevant[label]))
            all = (all.hits + hit, all.predicted + made, all.relevant + real)
            if hit > 0 { found += 1 }
            if real > 0 { wanted += 1 }
            macroP += Self.percent(hit, of: made)
            macroR += Self.percent(hit, of: real)
            macroF1 += Self.percent(2 * hit, of: made + real)
        }
        let count = Double(max(labels, 1))
        (macroP, macroR, macroF1) = (macroP / count, macroR / count, macroF1 / count)
        microP = Self.percent(all.hits, of: all.predicted)
        microR = Self.percent(all.hits, of: all.relevant)
        microF1 = Self.percent(2 * all.hits, of: all.predicted + all.relevant)
        coverage = Self.percent(found, of: wanted)
    }

    private static func percent(_ part: Int, of whole: Int) -> Double { whole > 0 ? 100 * Double(part) / Double(whole) : 0 }

    /// As reports store figures: four decimals.
    public func rounded() -> LabelFigures {
        var short = self
        for figure in Self.all { short[keyPath: figure] = self[keyPath: figure].rounded(digits: 4) }
        return short
    }

    static var all: [WritableKeyPath<LabelFigures, Double>] {
        [\.microP, \.microR, \.microF1, \.macroP, \.macroR, \.macroF1, \.coverage]
    }
}

/// `LabelFigures` of the best 1 … k labels of each document; index 0 is @1.
public struct LabelTable: Codable, Sendable, Equatable {
    public var microP: [Double], microR: [Double], microF1: [Double]
    public var macroP: [Double], macroR: [Double], macroF1: [Double]
    public var coverage: [Double]

    typealias CodingKeys = LabelFigures.CodingKeys

    init(_ ranks: [LabelFigures]) {
        (microP, microR, microF1) = (ranks.map(\.microP), ranks.map(\.microR), ranks.map(\.microF1))
        (macroP, macroR, macroF1) = (ranks.map(\.macroP), ranks.map(\.macroR), ranks.map(\.macroF1))
        coverage = ranks.map(\.coverage)
    }

    /// As reports store figures: four decimals.
    public func rounded() -> LabelTable {
        func short(_ values: [Double]) -> [Double] { values.map { $0.rounded(digits: 4) } }
        var table = self
        (table.microP, table.microR, table.microF1) = (short(microP), short(microR), short(microF1))
        (table.macroP, table.macroR, table.macroF1) = (short(macroP), short(macroR), short(macroF1))
        table.coverage = short(coverage)
        return table
    }
}

/// `LabelFigures` of the labels at or above a threshold.
public struct ThresholdFigures: Codable, Sendable, Equatable {
    public var threshold: Double
    /// Labels at or above it, a document.
    public var labelsPerDocument: Double
    /// Documents of which no label is.
    public var documentsWithout: Int
    public var metrics: LabelFigures

    enum CodingKeys: String, CodingKey {
        case threshold, metrics
        case labelsPerDocument = "labels_per_document"
        case documentsWithout = "documents_without"
    }

    /// As reports store figures: four decimals.
    public func rounded() -> ThresholdFigures {
        var short = self
        short.labelsPerDocument = labelsPerDocument.rounded(digits: 4)
        short.metrics = metrics.rounded()
        return short
    }
}
