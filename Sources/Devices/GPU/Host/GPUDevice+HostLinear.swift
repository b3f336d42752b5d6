import Support

// Linear learners and the layouts that classifiers are stored in: always on the CPU, label by label.
extension GPUDevice {
    public func linearProblem(_ documents: CSRMatrix) -> LinearProblem { host.linearProblem(documents) }

    public func trainLinear(
        _ problem: LinearProblem, positives: CSRMatrix, labels: Range<Int>, _ settings: LinearSettings,
        isStopped: @escaping @Sendable () -> Bool
    ) -> LinearRows? {
        host.trainLinear(problem, positives: positives, labels: labels, settings, isStopped: isStopped)
    }

    public func sparseMeans(of documents: CSRMatrix, members: CSRMatrix, labels: Range<Int>, threshold: Float) -> CSRMatrix {
        host.sparseMeans(of: documents, members: members, labels: labels, threshold: threshold)
    }

    public func trainLinear(
        _ documents: CSRMatrix, _ examples: LabelExamples, _ settings: DualLinearSettings,
        isStopped: @escaping @Sendable () -> Bool
    ) -> LinearRows? {
        host.trainLinear(documents, examples, settings, isStopped: isStopped)
    }

    public func weightTables(weights: CSRMatrix, biases: Buffer<Float>) -> WeightTables {
        host.weightTables(weights: weights, biases: biases)
    }

    public func weightTableBytes(_ weights: Int) -> Int { host.weightTableBytes(weights) }

    public func linearScores(
        _ tables: WeightTables, _ lists: TopK, docs: [Int32], documents: CSRMatrix, firstLabel: Int, into scores: Buffer<Float>
    ) {
        host.linearScores(tables, lists, docs: docs, documents: documents, firstLabel: firstLabel, into: scores)
    }

    public func invertedIndex(weights: CSRMatrix, biases: Buffer<Float>) -> InvertedIndex {
        host.invertedIndex(weights: weights, biases: biases)
    }

    public func bestLabels(_ index: InvertedIndex, documents: CSRMatrix, docs: [Int32], k: Int, firstLabel: Int) -> TopK {
        host.bestLabels(index, documents: documents, docs: docs, k: k, firstLabel: firstLabel)
    }

    // MARK: Dense documents

    public func documentVectors(_ features: CSRMatrix, rows: Range<Int>, table: Tensor?, into out: Tensor) {
        if let table { return sumRows(of: table, features, rows.map { Int32($0) }, into: out) }
        onHost(write: [out]) { $0.documentVectors(features, rows: rows, table: nil, into: $1[0]) }
    }

    public func unitMeans(_ documents: Tensor, members: CSRMatrix, labels: Range<Int>, into out: Tensor) {
        onHost(read: [documents], write: [out]) { $0.unitMeans($1[0], members: members, labels: labels, into: $1[1]) }
    }

    public func trainLinear(
        _ documents: Tensor, _ examples: LabelExamples, _ settings: DenseLinearSettings, places: [Int], weights: Tensor,
        biases: Tensor
    ) -> DenseLinearOutcome {
        onHost(read: [documents], write: [weights, biases]) {
            $0.trainLinear($1[0], examples, settings, places: places, weights: $1[1], biases: $1[2])
        }
    }

    public func linearScores(
        _ pairs: CSRMatrix, rows: Range<Int>, documents: Tensor, firstLabel: Int, weights: Tensor, biases: Tensor
    ) -> Buffer<Float> {
        onHost(reading: documents, weights, biases) {
            $0.linearScores(pairs, rows: rows, documents: $1[0], firstLabel: firstLabel, weights: $1[1], biases: $1[2])
        }
    }

    // MARK: Layouts

    public func invertedArrays(weights: CSRMatrix, biases: Buffer<Float>) -> InvertedArrays {
        host.invertedArrays(weights: weights, biases: biases)
    }

    public func invertedIndex(_ arrays: InvertedArrays) -> InvertedIndex { host.invertedIndex(arrays) }
    public func part(_ arrays: InvertedArrays, _ labels: Range<Int>) -> InvertedArrays { host.part(arrays, labels) }

    public func weightTableArrays(weights: CSRMatrix, biases: Buffer<Float>) -> WeightTableArrays {
        host.weightTableArrays(weights: weights, biases: biases)
    }

    public func weightTables(_ arrays: WeightTableArrays) -> WeightTables { host.weightTables(arrays) }
    public func narrowRows(_ matrix: CSRMatrix, _ weights: NarrowWeights) -> NarrowRows { host.narrowRows(matrix, weights) }
    public func matrix(_ rows: NarrowRows) -> CSRMatrix { host.matrix(rows) }
    public func invertedIndex(_ classifier: NarrowClassifier) -> InvertedIndex { host.invertedIndex(classifier) }
    public func weightTables(_ classifier: NarrowClassifier) -> WeightTables { host.weightTables(classifier) }

    public func packed(weights: Buffer<Float>, ld: Int, dims: Int, biases: Buffer<Float>) -> PackedClassifier {
        host.packed(weights: weights, ld: ld, dims: dims, biases: biases)
    }

    public func narrowed(_ classifier: PackedClassifier, to weights: NarrowWeights) -> PackedClassifier {
        host.narrowed(classifier, to: weights)
    }

    public func packedSearch(_ classifier: PackedClassifier) -> any NeighbourSearch {
        HostSearch(host.packedSearch(classifier), self)
    }

    public func rows(_ labels: Range<Int>, of classifier: PackedClassifier, ld: Int) -> Buffer<Float> {
        host.rows(labels, of: classifier, ld: ld)
    }
}
