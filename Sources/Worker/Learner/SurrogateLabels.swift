import Buffers
import DeepXMLModel
import Transport

/// The labels of module I: for each document, the clusters that its labels fall in.
struct SurrogateLabels {
    let run: LearnerRun

    /// N×K, binary.
    func matrix() throws -> CSRMatrix {
        let (clusterOf, count) = try clusters()
        let labels = run.data.trainLabels, starts = Buffer<Int64>(count: labels.rows + 1)
        var indices: [Int32] = []
        for row in 0..<labels.rows {
            indices += Set(labels.columns(row).map { clusterOf[Int($0)] }).sorted()
            starts[row + 1] = Int64(indices.count)
        }
        return CSRMatrix(rows: labels.rows, cols: count, starts: starts, indices: Buffer(indices), values: nil)
    }

    /// The workers split the tree together until there is a node for each, then finish a run of nodes each.
    private func clusters() throws -> (clusterOf: [Int32], count: Int) {
        let data = run.data, group = run.group
        let clustering = SurrogateClustering(
            features: data.trainFeatures, labels: data.trainLabels, documents: data.trainDocuments,
            threshold: run.config.global.surrogateThreshold, seed: Int(truncatingIfNeeded: run.control.seed), team: group.team)
        var nodes = [clustering.root]
        while nodes.count < group.size && nodes.count < clustering.clusterCount { nodes = clustering.split(nodes: nodes) }
        let own = clustering.finish(nodes: Array(nodes[group.ownSlice(nodes.count)]))
        let pairs: [Int32] = own.flatMap { cluster in cluster.labels.flatMap { [$0, Int32(cluster.id)] } }
        var clusterOf = [Int32](repeating: 0, count: data.labelCount)
        for bytes in try group.communicator.allgatherBytes(pairs.withUnsafeBytes { Array($0) }) {
            bytes.withUnsafeBytes { raw in
                let pairs = raw.bindMemory(to: Int32.self)
                for i in stride(from: 0, to: pairs.count, by: 2) { clusterOf[Int(pairs[i])] = pairs[i + 1] }
            }
        }
        return (clusterOf, clustering.clusterCount)
    }
}
