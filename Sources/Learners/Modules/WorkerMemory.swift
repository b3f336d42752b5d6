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
        12 * max(labels * (modules.hasReranker ? 2 : 1), share(modules.surrogateLabels(size.labels))) * (dims + 1) + textVectors
    }

    /// Of the labels' texts, as they stand in the classifiers and as they are next.
    private var textVectors: Int {
        let trained = [config.extreme] + (modules.hasReranker ? [config.reranker] : [])
        return trained.contains { $0.classifier.startsAtText } ? 8 * labels * dims : 0
    }

    /// Layers are whole on each worker: values, and the matrices that are prepared for products, forward and backward. Of gradient and
    /// moments a worker has its own part; the moments twice while a checkpoint is written, where others have the rest.
    private var layers: [(String, Int)] {
        guard let encoder else { return [("residual", 16 * modules.networks * size.dimensions * size.dimensions)] }
        let isClipped = modules.sections.contains { $0.config.optimisation.clipNorm > 0 }
        let part = share(encoder.parameters), moments = groupSize > 1 ? 4 * part : 2 * part
        let gradient = encoder.needsWholeGradient || isClipped ? encoder.parameters : part
        return [
            ("layers", 4 * modules.networks * (3 * encoder.parameters + moments + gradient + partialSums(encoder))),
            ("token vectors of a batch", encoder.readsTokens ? 4 * vectors(encoder) : 0),
        ]
    }

    /// Floats of sums of a run's gradient over blocks of the batch (`LeafSums`), and of such sums on their way.
    private func partialSums(_ encoder: EncoderSize) -> Int {
        let blocks = share(BlockCut.count), sums = threads > 1 ? blocks - 1 : blocks.bitWidth - blocks.leadingZeroBitCount - 1
        let sent = groupSize > 1 ? (encoder.largestRun < encoder.parameters ? 3 : 1) * min(2, blocks) : 0
        return (sums + sent) * encoder.largestRun
    }

    /// Floats of a batch's tokens: vectors and their gradients, whole for this worker's own documents; columns and messages for all.
    ///
    /// Each block of a batch keeps the memory of the longest that it met, grown by a quarter more than it must. Lengths of documents spread
    /// by some four tenths of their mean, and the longest of many blocks lies four deviations above it.
    private func vectors(_ encoder: EncoderSize) -> Int {
        let tokens = batch * (encoder.tokensPerDocument ?? size.tokensPerDocument)
        let documents = max(1, Double(batch) / Double(BlockCut.count))
        let longest = Int(Double(tokens) * 1.25 * (1 + 4 * 0.4 / documents.squareRoot()))
        let atWork = min(threads, BlockCut.count) * (longest / BlockCut.count)
        return share(longest) * (3 * size.dimensions + encoder.floatsPerToken) + atWork * encoder.sharedFloatsPerToken
            + 2 * longest * columns + share(batch) * encoder.floatsPerDocument
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
        let labels = share(size.labels) * (config.extreme.shortlist.hasLabelText ? 2 : 1)
        return (share(size.trainDocuments) + labels) * (4 * x + 8 * config.extreme.shortlist.M)
    }

    private var buffers: Int {
        let listed = modules.listedLabels(size.labels), pairs = max(listed.shortlist, listed.reranker)
        return 4 * batch * dims * (8 + threads) + (pairs > 0 ? 16 * batch * (pairs + 150) : 0)
    }
}
