import Buffers
import DeepXMLModel
import XCData

/// Makes the encoders of a learner's modules, all of one architecture.
struct EncoderPlan {
    let settings: RunSettings
    let group: WorkerGroup

    /// - Parameters:
    ///   - section: says where the encoder starts; with `intermediate`, its coarse part is to be copied or restored.
    ///   - trainsCoarse: false: the coarse part stays as it is.
    func encoder(_ section: ModuleConfig, trainsCoarse: Bool, streams: RandomStreams) -> any Encoder {
        let embeddings = EmbeddingShard(vocabulary: settings.data.vocabularySize, columns: group.ownSlice(settings.dims))
        switch section.initialisation {
        case "token_embeddings":
            if let whole = settings.embeddings { embeddings.initialise(from: whole) }
        case "random": embeddings.initialiseAtRandom(streams, dims: settings.dims)
        default: break
        }
        let astec = settings.options.astec ?? AstecParameters()
        return AstecEncoder(
            shape: NetworkShape(
                dims: settings.dims, batchSize: section.batchSize, trainsEncoder: trainsCoarse,
                encoderKeep: Float(1 - astec.coarseDropout), residualKeep: astec.fineDropout.map { Float(1 - $0) }),
            group: group, embeddings: embeddings, streams: streams)
    }
}
