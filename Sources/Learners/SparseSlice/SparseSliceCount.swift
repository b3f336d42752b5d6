import Datasets
import DeepXMLModel
import Devices
import Foundation
import Support

/// What a learner of SparseSlice will hold: entries of label means, and weights that its classifiers keep.
///
/// The weights hang on the documents in whose lists a label stands, and to list them as training does takes the means of all labels and a
/// search through them. So some labels are trained, by the solver itself, against the documents that are most similar to them: of the
/// documents of each length so many that these list `num_negatives` labels on average. Where all labels are trained, the lists are those
/// of training, and every count is exact. Measured (docs/SCALING.md): within 2 % with 500 of 670 thousand and 2.8 million labels.
package struct SparseSliceCount {
    private let documents: CSRMatrix, members: CSRMatrix
    private let settings: SparseSliceSettings
    private let device: any Device

    /// Most labels that are trained, documents in their lists, and features of documents that means are made of.
    package var trained = 500, listed = 2_000_000, meanFeatures = 4_000_000

    /// - Parameters:
    ///   - documents: N×V, the training documents.
    ///   - members: L×N, the documents of each label.
    package init(_ documents: CSRMatrix, members: CSRMatrix, _ settings: SparseSliceSettings, on device: any Device) {
        (self.documents, self.members, self.settings, self.device) = (documents, members, settings, device)
    }

    private var labels: Int { members.rows }
    private var listedOfDocument: Int { settings.negatives(labels: labels) }

    package func counts() -> DataCounts {
        guard labels > 0, documents.rows > 0 else { return DataCounts(weights: 0) }
        let (some, means) = sampledMeans(), mean = Double(members.nonZeros) / Double(labels)
        // Weights grow more slowly than a label's documents, and the solver's time with them: between the two.
        let few = some.proportional(labelsToTrain) { (1 + Double(members.range($0).count) / mean).squareRoot() }
        let places = Dictionary(uniqueKeysWithValues: zip(some.labels, some.labels.indices))
        let near = nearest(to: few, means.selecting(rows: few.labels.compactMap { places[$0] }))
        let examples = LabelExamples(
            Array(few.labels.indices), positives: members.selecting(rows: few.labels), near: near, firstLabel: 0)
        guard let rows = device.trainLinear(documents, examples, settings.solver, isStopped: { false }) else {
            preconditionFailure("nobody stops it")
        }
        let kept = few.labels.indices.map { rows.weights.range($0).count }
        return DataCounts(
            meanEntries: some.total { means.range($0).count }, weights: few.total { kept[$0] },
            tableBytes: few.total { device.weightTableBytes(kept[$0]) })
    }

    private var labelsToTrain: Int {
        let lists = Double(documents.rows * listedOfDocument) / Double(labels)
        return min(trained, max(16, Int(saturating: Double(listed) / max(lists, 1))))
    }

    /// Means of some labels, each feature's largest weights as in the index of all: of a part of the labels, that part of the postings.
    private func sampledMeans() -> (LabelSample, CSRMatrix) {
        let features = members.nonZeros * documents.nonZeros / documents.rows / labels
        let most = min(labels, max(trained, meanFeatures / max(features, 1)))
        let postings = most == labels ? settings.postings : max(1, settings.postings * most / labels)
        let count = most == labels ? labels : min(labels, max(trained, postings * labels / settings.postings))
        let sample = LabelSample(count, of: labels), own = members.selecting(rows: sample.labels)
        let all = LabelMeans.weights(of: documents, members: own, labels: 0..<count, settings, on: device)
        return (sample, all.keepingLargest(postings, firstRow: 0, team: device.team))
    }

    /// For each label of a sample the documents that are nearest to its mean, as described above: labels×N.
    private func nearest(to sample: LabelSample, _ weights: CSRMatrix) -> CSRMatrix {
        let means = LabelMeans(weights, on: device), k = min(listedOfDocument, sample.labels.count)
        var groups = Self.groupSizes(documents).map { ClosestPairs(wanted: Double($0 * listedOfDocument)) }
        for from in stride(from: 0, to: documents.rows, by: 4096) {
            let docs = (from..<min(from + 4096, documents.rows)).map(Int32.init)
            let lists = means.best(k, of: documents, docs: docs)
            for row in docs.indices {
                let group = Self.group(ofLength: documents.range(from + row).count)
                for entry in row * k..<row * k + lists.count(row) {
                    let label = lists.indices[entry]
                    groups[group].add(
                        ClosestPairs.Pair(
                            score: lists.scores[entry], label: label, document: docs[row], weight: sample.weights[Int(label)]))
                }
            }
        }
        return ClosestPairs.byLabel(groups.map { $0.closest() }, labels: sample.labels.count, documents: documents.rows)
    }

    /// Documents of about as many features: a short one is more similar to all that it lists.
    private static func group(ofLength count: Int) -> Int { count < 8 ? count : 8 + Int(4 * log2(Double(count) / 8)) }

    private static func groupSizes(_ documents: CSRMatrix) -> [Int] {
        let longest = (0..<documents.rows).map { documents.range($0).count }.max() ?? 0
        var sizes = [Int](repeating: 0, count: group(ofLength: longest) + 1)
        for row in 0..<documents.rows { sizes[group(ofLength: documents.range(row).count)] += 1 }
        return sizes
    }
}

/// The pairs of documents and labels with the largest scores, so many that their labels stand for about as many as are wanted.
private struct ClosestPairs {
    struct Pair {
        var score: Float
        var label: Int32, document: Int32
        /// Labels that its label stands for.
        var weight: Double
    }
    let wanted: Double
    private var pairs: [Pair] = [], weight = 0.0, least = -Float.infinity

    init(wanted: Double) { self.wanted = wanted }

    mutating func add(_ pair: Pair) {
        if pair.score <= least { return }
        pairs.append(pair)
        weight += pair.weight
        if pairs.count < 1024 || weight < 2 * wanted { return }
        pairs = closest()
        weight = pairs.reduce(0) { $0 + $1.weight }
        least = pairs.last?.score ?? least
    }

    func closest() -> [Pair] {
        if weight <= wanted { return pairs }
        var sum = 0.0
        let sorted = pairs.sorted { ($1.score, $0.document, $0.label) < ($0.score, $1.document, $1.label) }
        return Array(
            sorted.prefix { pair in
                sum += pair.weight
                return sum - pair.weight / 2 <= wanted
            })
    }

    /// Each label's documents, ascending: labels×documents.
    static func byLabel(_ groups: [[Pair]], labels: Int, documents: Int) -> CSRMatrix {
        let pairs = groups.joined().sorted { ($0.label, $0.document) < ($1.label, $1.document) }
        let starts = Buffer<Int64>(count: labels + 1)
        for pair in pairs { starts[Int(pair.label) + 1] += 1 }
        for label in 0..<labels { starts[label + 1] += starts[label] }
        return CSRMatrix(rows: labels, cols: documents, starts: starts, indices: Buffer(pairs.map(\.document)), values: nil)
    }
}
