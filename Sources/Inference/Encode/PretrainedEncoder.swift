import DeepXMLModel
import Devices
import Formats
import Learners
import Support
import Training

/// Document vectors by an encoder of the BERT family as its folder has it, without any training of ours: the mean or the first of
/// its last hidden states.
public final class PretrainedEncoder: DocumentVectors {
    public let dims: Int
    private let encoder: LayeredGroupEncoder
    private let group: WorkerGroup
    private let positions: Int
    private let room: Tensor
    /// Documents and tokens that are computed at a time, about: what bounds the memory, whatever the texts' lengths.
    private static let rows = 256, tokens = 4096

    /// - Throws: `Failure` where the weights are damaged, or of a shape that the layers do not have.
    public init(_ folder: PretrainedFolder, pooling: SentenceSettings.Pooling, threads: Int) throws {
        group = try WorkerGroup.alone(threads: threads)
        let shape = folder.shape, stack = try EncoderStack(shape, pooling: pooling.rawValue, on: group.device)
        (dims, positions) = (shape.hidden, shape.positions)
        try stack.load(shape, from: folder.path, read: folder.tensor)
        let words = EmbeddingShard(
            trained: try folder.tensor("embeddings.word").buffer, columns: 0..<shape.hidden, on: group.device)
        encoder = LayeredGroupEncoder(
            stack: stack, group: group, embeddings: words, batchSize: Self.rows, trainsCoarse: false,
            optimiser: OptimiserSettings())
        encoder.prepareForPrediction()
        room = group.device.paddedTensor(rows: Self.rows, dims: dims)
    }

    deinit { group.team.stop() }

    /// - Parameter features: word pieces in the order of the text, [CLS] and [SEP] included; those beyond the encoder's positions are
    ///   passed over.
    public func encode(_ features: CSRMatrix) throws -> DenseMatrix {
        let result = DenseMatrix(rows: features.rows, cols: dims)
        var from = 0
        while from < features.rows {
            let place = from..<end(from, features)
            try encoder.intermediate(DocumentBatch(features: features, docs: place.map(Int32.init)), x: room)
            result.rows(place).update(from: group.device.download(room.rows(0..<place.count)).all)
            from = place.upperBound
        }
        return result
    }

    private func end(_ from: Int, _ features: CSRMatrix) -> Int {
        var end = from, tokens = 0
        while end < features.rows, end - from < Self.rows, tokens < Self.tokens {
            tokens += min(features.range(end).count, positions)
            end += 1
        }
        return end
    }
}

extension EncoderStack {
    /// The layers of an encoder of this shape, without dropout; their weights are to be loaded.
    fileprivate convenience init(_ shape: TransformerShape, pooling: String, on device: any Device) throws {
        let sizes: [String: Double] = [
            "num_layers": Double(shape.layers), "num_heads": Double(shape.heads),
            "intermediate_size": Double(shape.intermediate), "positions": Double(shape.positions), "dropout": 0,
            "attention_dropout": 0, "eps": Double(shape.epsilon),
        ]
        try self.init(
            coarse: [
                LayerDescription(kind: "transformer", numbers: sizes),
                LayerDescription(kind: "pooling", texts: ["kind": pooling]),
            ], fine: [LayerDescription(kind: "identity")], inputDims: shape.hidden,
            streams: RandomStreams(seed: 0, module: 1), on: device)
    }
}
