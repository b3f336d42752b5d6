import Coordinator
import Datasets
import Formats
import Scoring
import Support

/// The files of an evaluation, read and brought to one number of labels.
struct EvaluationInputs {
    let content: PredictionFile.Content
    let truth: GroundTruth
    /// Training documents of each label, nil without a training file.
    let labelCounts: [Int32]?
    /// Numbers of labels that contradict each other.
    let notices: [String]
    /// The labels that alone count, where some were named.
    let among: ColumnSelection?

    init(_ options: EvaluateOptions) throws {
        let labels = try Self.labels(options.labels, options.threads)
        let train = try options.trainLabels.map { try Self.labels($0, options.threads) }
        let count = max(labels.cols, train?.cols ?? 0)
        let counts = train.map { Self.counts($0, labels: count) }
        let filter = try options.filter.map {
            try LabelFilter.read(MappedFile(path: $0), documents: labels.rows, labels: count)
        }
        labelCounts = counts
        let among = try options.among.map { try ColumnSelection(MappedFile(path: $0), cols: count, what: "label") }
        self.among = among
        let inverse = counts.map {
            Propensity.inverse(labelCounts: $0, documents: train?.rows ?? 0, A: options.A, B: options.B)
        }
        truth = GroundTruth(
            labels: among?.masking(labels.widened(to: count)) ?? labels.widened(to: count),
            inversePropensity: inverse ?? [Double](repeating: 1, count: count), filter: filter,
            segments: counts.map(LabelSegments.init(labelCounts:)), countedLabels: among?.columns.count)
        let fit = PredictionFit(options: options, documents: labels.rows, labels: count)
        var widths = [(options.labels, labels.cols)] + (train.map { [(options.trainLabels ?? "", $0.cols)] } ?? [])
        let read = try PredictionFile.read(options.predictions, documents: labels.rows)
        if let cols = PredictionFile.saysLabels(options.predictions) ? read.labels : nil {
            widths.append((options.predictions, cols))
        }
        let odd = [options.labels, options.trainLabels].compactMap { $0 }.compactMap { path in
            MatrixFile.oddLabel(path: path).map {
                "\(path) has values other than 1, such as \($0): any but 0 counts as a label; check that it holds labels, not scores"
            }
        }
        notices = (LabelWidths.notice(widths).map { [$0] } ?? []) + odd
        switch read {
        case .scores(let scores): content = .scores(try fit.fitted(scores))
        case .learner(let stages):
            content = .learner(
                LearnerScores(
                    clf: try fit.fitted(stages.clf), knn: try fit.fitted(stages.knn),
                    reranker: try stages.reranker.map(fit.fitted)))
        }
    }

    static func labels(_ path: String, _ threads: Int) throws -> CSRMatrix {
        let labels = try MatrixFile.read(path: path, kind: .labels, threads: threads)
        try checkWidth(labels.cols, entries: labels.nonZeros, at: path)
        return labels
    }

    /// Each label has memory of its own: a number alone must not ask for any amount.
    static func checkWidth(_ labels: Int, entries: Int, at path: String) throws {
        let most = 1 << 24 + 64 * entries
        if labels <= most { return }
        throw Failure(
            .usage, "the number of labels is out of proportion to the file", at: path,
            found: "\(labels) labels for \(entries) entries", expected: "at most \(most)",
            advice: "correct the header, or the labels' ids")
    }

    private static func counts(_ train: CSRMatrix, labels: Int) -> [Int32] {
        var counts = [Int32](repeating: 0, count: labels)
        for i in 0..<train.nonZeros { counts[Int(train.indices[i])] += 1 }
        return counts
    }
}

/// Whether predictions are of the documents and labels that they are measured against.
private struct PredictionFit {
    let options: EvaluateOptions
    let documents: Int
    let labels: Int

    func fitted(_ scores: CSRMatrix) throws -> CSRMatrix {
        guard scores.rows == documents else {
            throw Failure(
                .usage, "predictions and labels are of different documents", at: options.predictions,
                found: "\(scores.rows) documents", expected: "\(documents), as \(options.labels) has",
                advice: "name the labels of the documents that were predicted")
        }
        let largest = (0..<scores.nonZeros).lazy.map { scores.indices[$0] }.max() ?? -1
        guard largest < labels else {
            let files = ([options.labels] + [options.trainLabels].compactMap { $0 }).joined(separator: " and ")
            throw Failure(
                .usage, "a label that is not there", at: options.predictions, found: "label \(largest)",
                expected: "0…\(labels - 1), as \(files) \(options.trainLabels == nil ? "has" : "have")",
                advice: options.trainLabels == nil
                    ? "give --train-labels too, where only the training file has all labels"
                    : "check that the predictions belong to this data set, and count from 0")
        }
        return CSRMatrix(
            rows: scores.rows, cols: labels, starts: scores.starts, indices: scores.indices, values: scores.values ?? ones(scores)
        )
    }

    private func ones(_ scores: CSRMatrix) -> Buffer<Float> {
        let values = Buffer<Float>(count: scores.nonZeros)
        values.fill(1)
        return values
    }
}
