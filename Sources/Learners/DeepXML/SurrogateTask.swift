import DeepXMLModel
import Support

/// What module I trains on: documents and, for each, fewer labels than the data set has.
///
/// `surrogate_method` 0: the labels themselves; 1: clusters of labels; 2: labels of at least `surrogate_threshold` training
/// documents; 3: the `surrogate_threshold` most frequent labels (ties by smaller id). Documents that are left without a label
/// are left out.
package struct SurrogateTask {
    /// Features of the documents.
    package let features: CSRMatrix
    /// Documents×K, binary.
    package let truth: CSRMatrix

    package init(run: NetworkRun) throws {
        let labels = run.data.trainLabels
        let (target, count) = try Self.targets(run)
        let starts = Buffer<Int64>(count: labels.rows + 1)
        var indices: [Int32] = [], kept: [Int] = []
        for row in 0..<labels.rows {
            let found = labels.columns(row).map { target[Int($0)] }.sorted(), first = indices.count
            for label in found where label >= 0 && (indices.count == first || label != indices[indices.count - 1]) {
                indices.append(label)
            }
            if indices.count == first { continue }
            kept.append(row)
            starts[kept.count] = Int64(indices.count)
        }
        features = kept.count == labels.rows ? run.data.trainFeatures : run.data.trainFeatures.selecting(rows: kept)
        truth = CSRMatrix(
            rows: kept.count, cols: count, starts: starts.view(0..<kept.count + 1), indices: Buffer(indices), values: nil)
    }

    /// The surrogate label of each label, −1: none; and their number.
    private static func targets(_ run: NetworkRun) throws -> ([Int32], Int) {
        let global = run.config.global, positives = run.data.positives
        if global.surrogateMethod == 1, global.surrogateThreshold == 0 { throw nothingLeft(run) }
        switch global.surrogateMethod {
        case 0: return (positives.indices.map(Int32.init), positives.count)
        case 1: return try SharedClustering(run).clusters()
        case 2: return try numbered(positives.map { $0 >= global.surrogateThreshold }, run)
        default:
            let order = positives.indices.sorted { (-positives[$0], $0) < (-positives[$1], $1) }
            var isKept = [Bool](repeating: false, count: positives.count)
            for label in order.prefix(global.surrogateThreshold) { isKept[label] = true }
            return try numbered(isKept, run)
        }
    }

    /// Numbers the kept labels, in their order.
    private static func numbered(_ isKept: [Bool], _ run: NetworkRun) throws -> ([Int32], Int) {
        var count: Int32 = 0
        let target = isKept.map { kept -> Int32 in
            guard kept else { return -1 }
            count += 1
            return count - 1
        }
        guard count > 0 else { throw nothingLeft(run) }
        return (target, Int(count))
    }

    private static func nothingLeft(_ run: NetworkRun) -> Failure {
        let global = run.config.global
        return Failure(
            .usage, "no label is left for the surrogate task", at: "global.surrogate_threshold",
            found: "surrogate_method \(global.surrogateMethod), threshold \(global.surrogateThreshold)",
            expected: global.surrogateMethod == 1 ? "clusters: 1 or more" : "a threshold that at least one label passes",
            advice: "the most frequent label has \(run.data.positives.max() ?? 0) training documents")
    }
}
