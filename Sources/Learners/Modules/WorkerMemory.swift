import Config
import Training

/// Memory of a worker that owns `labels` labels in a group of `groupSize`.
///
/// Counts 4-byte floats, with two moments beside each trained one; the parts of searches (vectors, graphs) and of training
/// are added, although they hardly overlap.
struct WorkerMemory {
    let labels: Int
    let groupSize: Int
    let threads: Int
    let size: ProblemSize
    let modules: NetworkPlan
    /// nil: Astec's.
    let encoder: EncoderSize?

    private var config: Config { modules.config }
    private var dims: Int { encoder?.outputDims ?? size.dimensions }
    private var columns: Int { share(size.dimensions) }
    private var batch: Int { modules.largestBatch }

    /// Of things that are cut evenly, this worker's, rounded up.
    private func share(_ count: Int) -> Int { (count + groupSize - 1) / groupSize }

    /// Without the program's own.
    var parts: [MemoryEstimate.Part] {
        let parts =
            [("token embeddings", embeddings), ("classifiers", classifiers)] + layers + lists
            + [("vectors and graphs", search), ("batch buffers", buffers)]
        return parts.map(MemoryEstimate.Part.init)
    }

    private var embeddings: Int {
        encoder?.readsTokens == false ? 0 : 4 * modules.embeddingCopies * size.tokens * columns
    }

    /// The extreme classifiers stay while a re-ranker is trained; those of the surrogate task do not.
    private var classifiers: Int {
        12 * max(labels * (modules.hasReranker ? 2 : 1), share(modules.surrogateLabels(size.labels))) * (dims + 1)
    }

    /// Layers are whole on each worker. Of a stack, value, moments and gradient of each network, and matrices prepared for products,
    /// forward and backward; partial sums of the gradient on the way, which every thread has.
    private var layers: [(String, Int)] {
        guard let encoder else { return [("residual", 16 * modules.networks * size.dimensions * size.dimensions)] }
        let tokens = batch * size.tokensPerDocument
        // Vectors and their gradients, whole for its own documents; columns and messages for all.
        let vectors =
            share(tokens) * (3 * size.dimensions + encoder.floatsPerToken) + share(batch) * encoder.floatsPerDocument
            + 2 * tokens * columns
        return [
            ("layers", 4 * encoder.parameters * modules.networks * (6 + 3 + threads)),
            ("token vectors of a batch", encoder.readsTokens ? 4 * vectors : 0),
        ]
    }

    /// An entry has 8 bytes as it is searched, and of what is dealt out by label 4 of a training document's (negatives, or what a
    /// re-ranker's are found among) and 8 of a test document's. Lists that follow the encoder replace others of 4.
    private var lists: [(String, Int)] {
        let listed = modules.listedLabels(size.labels), train = share(size.trainDocuments), test = share(size.testDocuments)
        let moves = !config.extreme.searchesBeforeTraining
        let shortlists = train * (moves ? 16 : 12) + test * (modules.hasReranker ? 16 : 8)
        let reranked = 4 * train + max(8 * train, 16 * test)
        return [("shortlists", shortlists * listed.shortlist), ("re-ranker's lists", reranked * listed.reranker)]
    }

    private var search: Int {
        guard modules.hasShortlists else { return 0 }
        let x = config.extreme.shortlist.usesIntermediate ? encoder?.intermediateDims ?? dims : dims
        return (share(size.trainDocuments) + share(size.labels)) * (4 * x + 8 * config.extreme.shortlist.M)
    }

    private var buffers: Int {
        let listed = modules.listedLabels(size.labels), pairs = max(listed.shortlist, listed.reranker)
        return 4 * batch * dims * (8 + threads) + (pairs > 0 ? 16 * batch * (pairs + 150) : 0)
    }
}
