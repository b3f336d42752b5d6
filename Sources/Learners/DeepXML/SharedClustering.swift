import DeepXMLModel
import Devices
import Support
import Training
import Transport

/// Module I's clusters of labels, made by a group: each worker does its share of every part, and all have the whole.
///
/// A label's walk, centroid and norm depend on the label alone, and how a node of the tree is cut on the node: who computes
/// what changes nothing.
struct SharedClustering {
    private let run: NetworkRun
    private var group: WorkerGroup { run.group }
    /// Nodes a worker, from which on each finishes its own: with fewer, some would have twice as many as others.
    private static let nodesAWorker = 4

    init(_ run: NetworkRun) { self.run = run }

    /// The cluster of each label, and the number of clusters.
    func clusters() throws -> (clusterOf: [Int32], count: Int) {
        let labels = run.data.labelCount
        let clustering = SurrogateClustering(
            try smoothedCentroids(), labels: labels, threshold: run.config.global.surrogateThreshold, seed: seed,
            on: group.device)
        var nodes = [clustering.root]
        while group.size > 1, nodes.count < min(Self.nodesAWorker * group.size, clustering.clusterCount) {
            nodes = try split(nodes, clustering)
        }
        let own = clustering.finish(nodes: Array(nodes[group.ownSlice(nodes.count)]))
        let pairs: [Int32] = own.flatMap { cluster in cluster.labels.flatMap { [$0, Int32(cluster.id)] } }
        var clusterOf = [Int32](repeating: 0, count: labels)
        for list in try group.communicator.alltoall((0..<group.size).map { _ in pairs }) {
            for i in stride(from: 0, to: list.count, by: 2) { clusterOf[Int(list[i])] = list[i + 1] }
        }
        return (clusterOf, clustering.clusterCount)
    }

    private var seed: Int { Int(truncatingIfNeeded: run.run.seed) }

    private func split(_ nodes: [ClusterNode], _ clustering: SurrogateClustering) throws -> [ClusterNode] {
        let slices = group.slices(nodes.count)
        return try clustering.split(nodes: nodes, own: slices[group.rank]) { sides, places in
            let blocks = slices.map {
                $0.isEmpty ? 0..<0 : places[$0.lowerBound].lowerBound..<places[$0.upperBound - 1].upperBound
            }
            try group.communicator.allgather(sides, blocks: blocks)
        }
    }

    private func smoothedCentroids() throws -> SmoothedCentroids {
        let data = run.data, team = group.team, slices = group.slices(data.labelCount), own = slices[group.rank]
        let walks = try ProgressScope.stage("walking from labels") { _ in
            try group.gatherRows(
                cooccurrence(
                    labels: data.trainLabels, documents: data.trainDocuments, key: surrogateKey(seed, .walk), own: own,
                    team: team))
        }
        return try ProgressScope.stage("centroids of labels") { _ in
            let centroids = try group.gatherRows(
                labelCentroids(features: data.bagOfWords, documents: data.trainDocuments, own: own, team: team))
            let norms = SmoothedCentroids.norms(own, cooccurrence: walks, centroids: centroids, team: team)
            try group.communicator.allgather(norms, blocks: slices)
            return SmoothedCentroids(cooccurrence: walks, centroids: centroids, norms: norms)
        }
    }
}
