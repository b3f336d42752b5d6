import Config
import Foundation

/// Seconds of training steps and searches on one core, from rates that were measured (docs/PERFORMANCE.md); for forecasts.
public struct StepCosts: Sendable, Equatable {
    /// Flop/s of the one-vs-all step.
    public var oneVsAll = 89e9
    /// Flop/s of sgemm and bytes/s of a copy, the bounds of the shortlist step, and the part of its bound that it reaches.
    public var product = 94e9, copy = 27.8e9, shortlistReaches = 0.52
    /// Flop/s of an encoder's layers, forward and backward: what of products the layer of a transformer reaches at 16 tokens a document.
    public var layers: Double { 0.72 * product }
    /// Flop/s of an exact search, and of a graph's scattered reads.
    public var exactSearch = 70e9, graphSearch = 5e9
    /// Seconds a document and epoch at D 300 that are no classifier's: what was left of a measured learner after its kernels' time
    /// (WordNetSmall, one worker, one thread).
    public var overheadFull = 18e-6, overheadFrozen = 12e-6, overheadShortlist = 20e-6
    /// Of these, what each worker of a group does in full: R's norm, copies of x̂ and z, lists of a batch. Of workers that share
    /// memory, and of others, who copy what they send and get, too (docs/SCALING.md).
    public var eachSharing = 2e-6, eachSending = 2e-6
    /// The workers of a group share a node's memory.
    public var sharesMemory = true
    /// Seconds a label of the walks, centroids and levels of clustering.
    public var clustering = 60e-6

    /// Seconds an entry of a pass of the dual solver over sparse documents, on data that do not fit a core's cache.
    public var sparsePass = 2.75e-9
    /// How many times as long sparse work, and dense, takes here as on the machine that the figures were measured on.
    public private(set) var sparseSlowness = 1.0, productSlowness = 1.0

    public init() {}

    /// The rates of a machine of which some were measured.
    ///
    /// - Parameters:
    ///   - oneVsAll: flop/s of the one-vs-all step on one core.
    ///   - copy: bytes/s of a copy.
    ///   - sparsePass: seconds an entry of the dual solver.
    init(oneVsAll: Double, copy: Double, sparsePass: Double) {
        self.init()
        productSlowness = self.oneVsAll / oneVsAll
        sparseSlowness = sparsePass / self.sparsePass
        product /= productSlowness
        exactSearch /= productSlowness
        graphSearch /= sparseSlowness
        for overhead in [\StepCosts.overheadFull, \.overheadFrozen, \.overheadShortlist, \.eachSharing, \.eachSending] {
            self[keyPath: overhead] *= productSlowness
        }
        clustering *= sparseSlowness
        (self.oneVsAll, self.copy, self.sparsePass) = (oneVsAll, copy, sparsePass)
    }

    /// A document's on m workers: what each does in full, and its share of the rest.
    private func scaled(_ overhead: Double, _ dims: Int, workers m: Double) -> Double {
        let each = m > 1 ? min(overhead, sharesMemory ? eachSharing : eachSending) : 0
        return (each + (overhead - each) / max(1, m)) * pow(Double(dims) / 300, 2)
    }

    /// Clusters of all labels: the first levels of the tree have fewer nodes than there are workers.
    package func clusters(labels: Int, clusters: Int, workers m: Double) -> Double {
        let levels = max(1, log2(Double(max(2, clusters)))), level = 0.5 * Double(labels) * clustering / levels
        // Half of it are walks and centroids. A level of 2^i nodes has at most 2^i workers.
        let first = (0..<Int(levels)).reduce(0.0) { $0 + level / min(m, Double(1 << min($1, 40))) }
        return first + 0.5 * Double(labels) * clustering / m
    }

    /// An epoch of one-vs-all steps over `labels`, on m workers of `threads` threads.
    package func oneVsAllEpoch(documents: Int, labels: Int, dims: Int, workers m: Double) -> Double {
        Double(documents) * (scaled(overheadFull, dims, workers: m) + oneVsAllStep(batch: 1, labels: labels, dims: dims) / m)
    }

    /// A step's logits, gradients and optimiser over `labels`, on one core.
    package func oneVsAllStep(batch: Int, labels: Int, dims: Int) -> Double {
        6 * Double(batch) * Double(dims) * Double(labels) / oneVsAll
    }

    /// An epoch of shortlist steps: the larger of the step's flop and its bytes, labels of a batch taken as drawn at random,
    /// which is the worst case.
    package func shortlistEpoch(
        documents: Int, labels: Int, pairs: Int, dims: Int, batch: Int, freezes: Bool, workers m: Double
    ) -> Double {
        let step = shortlistStep(batch: batch, labels: labels, pairs: pairs, dims: dims) / Double(batch)
        return Double(documents) * (scaled(freezes ? overheadFrozen : overheadShortlist, dims, workers: m) + step / m)
    }

    /// A step's logits, gradients and optimiser of `pairs` labels a document, on one core.
    package func shortlistStep(batch: Int, labels: Int, pairs: Int, dims: Int) -> Double {
        let pairs = Double(min(pairs, labels)), D = Double(dims), B = Double(batch), L = Double(labels)
        let distinct = L * -expm1(B * pairs * log1p(-1 / max(L, 2)))
        return max(6 * D * B * pairs / product, 24 * D * distinct / copy) / shortlistReaches
    }

    /// Module II: label centroids and documents, the cheaper of exact search and graph each.
    package func search(_ size: ProblemSize, _ section: ModuleConfig, workers m: Double) -> Double {
        let queries = size.trainDocuments + size.testDocuments
        return [size.labels, size.trainDocuments].reduce(0) {
            $0 + search(queries, $1, size.dimensions, section, workers: m)
        }
    }

    /// Which is cheaper is asked of the whole; but each worker has a graph of its own part, where all queries are looked for, and
    /// small graphs are not much quicker than large ones.
    private func search(_ queries: Int, _ database: Int, _ dims: Int, _ section: ModuleConfig, workers m: Double) -> Double {
        let D = Double(dims), Q = Double(queries), N = Double(database), links = Double(section.shortlist.M)
        func seen(_ N: Double, _ width: Int) -> Double { N * Double(width) * links / (N + Double(width) * links) }
        func graph(_ N: Double) -> Double {
            (N * seen(N, section.shortlist.efC) + Q * seen(N, section.shortlist.efS)) * 2 * D / graphSearch
        }
        let exact = 2 * Q * N * D / exactSearch
        return exact < graph(N) ? exact / m : graph(N / m)
    }
}
