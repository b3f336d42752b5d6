import Devices
import Support

/// Label clusters of module I: balanced 2-means over smoothed label centroids, recursively (DESIGN.md §1; xclib's
/// `cluster_balance` with `b_kmeans_sparse`).
///
/// The root holds all labels; `split` goes one level down, `finish` to the clusters. How a node is cut depends on the node
/// and the seed alone, so ranks may share the nodes of a level until there are enough of them, finish a run of them each, and
/// gather.
public final class SurrogateClustering: Sendable {
    /// 2^⌈log₂ threshold⌉, but at most the largest power of two ≤ L: no cluster is empty.
    public let clusterCount: Int
    /// Labels, L.
    public let labelCount: Int
    private let depth: Int
    private let seed: Int
    private let smoothed: SmoothedCentroids
    private let team: ThreadTeam

    /// Up to this many labels, their inner products are computed once and serve the whole subtree.
    private static let gramLimit = 128
    /// Rounds go on while the summed similarity gains this much (xclib).
    private static let tolerance = 1e-4

    /// - Parameters:
    ///   - smoothed: what is clustered.
    ///   - threshold, seed, device: as below.
    public init(_ smoothed: SmoothedCentroids, labels: Int, threshold: Int, seed: Int, on device: any Device) {
        precondition(threshold >= 1)
        labelCount = labels
        var depth = 0
        while 1 << depth < threshold && 2 << depth <= labels { depth += 1 }
        self.depth = depth
        clusterCount = 1 << depth
        (self.seed, self.smoothed, team) = (seed, smoothed, device.team)
    }

    /// - Parameters:
    ///   - features: N×V, with values.
    ///   - labels: N×L.
    ///   - documents: L×N, the transpose of `labels`.
    ///   - threshold: the clusters wanted, K (`surrogate_threshold`).
    ///   - device: clusters are made by its host's processor.
    public convenience init(
        features: CSRMatrix, labels: CSRMatrix, documents: CSRMatrix, threshold: Int, seed: Int, on device: any Device
    ) {
        let team = device.team
        let walks = cooccurrence(labels: labels, documents: documents, key: surrogateKey(seed, .walk), team: team)
        let smoothed = SmoothedCentroids(
            cooccurrence: walks, centroids: labelCentroids(features: features, documents: documents, team: team), team: team)
        self.init(smoothed, labels: documents.rows, threshold: threshold, seed: seed, on: device)
    }

    /// All labels.
    public var root: ClusterNode { ClusterNode(level: 0, index: 0, labels: Array(0..<Int32(labelCount))) }

    /// The nodes one level down, in order; a node that is a cluster already stays.
    public func split(nodes: [ClusterNode]) -> [ClusterNode] { split(nodes: nodes, own: 0..<nodes.count) { _, _ in } }

    /// The same, of which only some nodes are cut here.
    ///
    /// - Parameters:
    ///   - own: those of the nodes that are cut here.
    ///   - complete: gets a byte a label, node after node, of which those of `own` are set, and sets all others.
    public func split(
        nodes: [ClusterNode], own: Range<Int>, complete: (Buffer<UInt8>, [Range<Int>]) throws -> Void
    ) rethrows -> [ClusterNode] {
        let labels = nodes[own].reduce(0) { $0 + $1.labels.count }
        return try ProgressScope.stage("splitting clusters", of: labels == 0 ? nil : labels, "labels") {
            try split(nodes: nodes, own: own, $0, complete)
        }
    }

    private func split(
        nodes: [ClusterNode], own: Range<Int>, _ progress: ProgressStage,
        _ complete: (Buffer<UInt8>, [Range<Int>]) throws -> Void
    ) rethrows -> [ClusterNode] {
        var starts = [0]
        for node in nodes { starts.append(starts.last! + node.labels.count) }
        let sides = Buffer<UInt8>(count: starts.last!)
        let offsets = starts
        team.forEach(own.count) { place in
            let n = own.lowerBound + place, node = nodes[n]
            let side = sides.view(offsets[n]..<offsets[n + 1])
            guard node.level < self.depth else { return }
            let members = ClusterMembers(node.labels, of: self.smoothed)
            let first = node.firstMembers(seed: self.seed)
            if node.labels.count <= Self.gramLimit {
                members.gram().twoMeans(from: first, tolerance: Self.tolerance, into: side)
            } else {
                members.twoMeans(from: first, tolerance: Self.tolerance, into: side)
            }
            progress.advance(by: node.labels.count)
        }
        try complete(sides, nodes.indices.map { starts[$0]..<starts[$0 + 1] })
        return nodes.indices.flatMap { n in
            nodes[n].level < depth ? nodes[n].halves(side: sides.view(starts[n]..<starts[n + 1])) : [nodes[n]]
        }
    }

    /// The clusters below each of the nodes, in order.
    public func finish(nodes: [ClusterNode]) -> [LabelCluster] {
        ProgressScope.stage("clustering labels", of: nodes.reduce(0) { $0 + work(below: $1) }, "labels × levels") {
            finish(nodes: nodes, $0)
        }
    }

    /// Labels × levels that are to be split below a node.
    private func work(below node: ClusterNode) -> Int { node.labels.count * (depth - node.level) }

    private func finish(nodes: [ClusterNode], _ progress: ProgressStage) -> [LabelCluster] {
        let open = splitLarge(nodes, progress)
        let clusterOf = Buffer<Int32>(count: labelCount)
        team.forEach(open.count) {
            self.assign(open[$0], into: clusterOf)
            progress.advance(by: self.work(below: open[$0]))
        }
        var clusters: [LabelCluster] = []
        for node in open {
            let below = depth - node.level
            var labels = [[Int32]](repeating: [], count: 1 << below)
            for label in node.labels { labels[Int(clusterOf[Int(label)]) - node.index << below].append(label) }
            for (i, own) in labels.enumerated() { clusters.append(LabelCluster(id: node.index << below + i, labels: own)) }
        }
        return clusters
    }

    /// The clusters below a node, in order.
    public func finish(_ node: ClusterNode) -> [LabelCluster] { finish(nodes: [node]) }

    /// The cluster of each label, all computed here.
    public func clusterOfLabel() -> [Int32] {
        var clusters = [Int32](repeating: 0, count: labelCount)
        for cluster in finish(root) {
            for label in cluster.labels { clusters[Int(label)] = Int32(cluster.id) }
        }
        return clusters
    }

    /// Splits nodes until each is a cluster or small enough for inner products, in order.
    private func splitLarge(_ nodes: [ClusterNode], _ progress: ProgressStage) -> [ClusterNode] {
        var open = nodes
        while true {
            let isLarge = open.map { $0.level < depth && $0.labels.count > Self.gramLimit }
            let large = open.indices.filter { isLarge[$0] }.map { open[$0] }
            var halves = split(nodes: large, own: 0..<large.count, progress) { _, _ in }[...]
            if halves.isEmpty { return open }
            open = open.indices.flatMap { n in
                guard isLarge[n] else { return [open[n]] }
                defer { halves = halves.dropFirst(2) }
                return Array(halves.prefix(2))
            }
        }
    }

    /// Cluster ids of a node's labels, from their inner products.
    private func assign(_ node: ClusterNode, into clusterOf: Buffer<Int32>) {
        guard node.level < depth else {
            for label in node.labels { clusterOf[Int(label)] = Int32(node.index) }
            return
        }
        assign(node, gram: ClusterMembers(node.labels, of: smoothed).gram(), into: clusterOf)
    }

    private func assign(_ node: ClusterNode, gram: DenseMatrix, into clusterOf: Buffer<Int32>) {
        let side = Buffer<UInt8>(count: node.labels.count)
        gram.twoMeans(from: node.firstMembers(seed: seed), tolerance: Self.tolerance, into: side)
        let halves = node.halves(side: side)
        for (which, half) in halves.enumerated() {
            if half.level == depth {
                for label in half.labels { clusterOf[Int(label)] = Int32(half.index) }
            } else {
                let places = (0..<side.count).filter { Int(side[$0]) == which }
                assign(half, gram: gram.square(of: places), into: clusterOf)
            }
        }
    }
}

extension DenseMatrix {
    /// The rows and columns at `places`.
    fileprivate func square(of places: [Int]) -> DenseMatrix {
        let smaller = DenseMatrix(rows: places.count, cols: places.count)
        for (i, row) in places.enumerated() {
            let from = elements(row), to = smaller.elements(i)
            for (j, col) in places.enumerated() { to[j] = from[col] }
        }
        return smaller
    }
}
