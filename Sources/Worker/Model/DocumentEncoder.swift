import Buffers
import Checkpoint
import DeepXMLModel
import Diagnostics
import XCData

/// The encoder of a trained learner, whole in one process: x̂ or z of any documents, with the numbers of prediction.
public final class DocumentEncoder {
    public enum Layer: String, CaseIterable, Sendable {
        /// x̂: what nearest neighbours are searched by.
        case intermediate
        /// z: what the classifiers see.
        case final
    }

    /// D.
    public let dims: Int
    private let encoder: EmbeddingShard
    private let residual: Residual?
    private let team: ThreadTeam
    private static let block = 256

    /// - Parameters:
    ///   - module: whose z it is; its x̂ comes from the module before where it has no encoder of its own.
    /// - Throws: `Failure` where the model has no such module, or a checkpoint is damaged.
    public init(model: TrainedModel, module: String, layer: Layer, threads: Int) throws {
        let own = try model.checkpoint(module), source = try own.contains("encoder") ? own : model.encoder(before: module)
        dims = try source.extent("encoder").cols
        encoder = EmbeddingShard(vocabulary: try source.extent("encoder").rows, columns: 0..<dims)
        try encoder.table.restore("encoder", moments: false) { try source.replicated($0) }
        residual = try layer == .final && own.contains("residual.weight") ? Self.residual(own, dims: dims, seed: model.seed) : nil
        Gemm.useCallingThreadOnly()
        team = ThreadTeam(size: max(1, threads))
    }

    deinit { team.stop() }

    private static func residual(_ reader: CheckpointReader, dims: Int, seed: UInt64) throws -> Residual {
        let residual = Residual(dims: dims, RandomStreams(seed: seed, module: 0))
        try residual.weight.restore("residual.weight", moments: false) { try reader.replicated($0) }
        try residual.bias.restore("residual.bias", moments: false) { try reader.replicated($0) }
        residual.norm.u.copy(from: try reader.replicated("residual.u"))
        residual.norm.v.copy(from: try reader.replicated("residual.v"))
        residual.prepare(training: false)
        return residual
    }

    /// The documents' representations, N×D.
    ///
    /// - Parameter features: N×V.
    public func encode(_ features: CSRMatrix) -> DenseMatrix {
        let result = DenseMatrix(rows: features.rows, cols: dims), ld = paddedWidth(dims)
        let packed = Buffer<Float>(count: Self.block * dims)
        let x = DenseMatrix(rows: Self.block, cols: ld), activation = DenseMatrix(rows: Self.block, cols: ld)
        let z = DenseMatrix(rows: Self.block, cols: ld)
        for from in stride(from: 0, to: features.rows, by: Self.block) {
            let docs = (from..<min(from + Self.block, features.rows)).map(Int32.init)
            docs.withUnsafeBufferPointer { docs in
                encoder.forward(features, docs: docs, dropout: nil, into: packed.pointer, team: team)
                for row in docs.indices { x.row(row).update(from: packed.pointer + row * dims, count: dims) }
                guard let residual, let ids = docs.baseAddress else { return }
                residual.forward(
                    x.pointer, rows: docs.count, ids: ids, dropout: nil, activation: activation.pointer, z: z.pointer, team: team)
            }
            let output = residual == nil ? x : z
            for row in docs.indices { result.row(from + row).update(from: output.row(row), count: dims) }
        }
        return result
    }
}

extension TrainedModel {
    /// The newest module before `module` that has token embeddings.
    func encoder(before module: String) throws -> CheckpointReader {
        let modules = try modules()
        for name in modules.prefix(while: { $0 != module }).reversed() {
            let reader = try checkpoint(name)
            if reader.contains("encoder") { return reader }
        }
        throw Failure(
            .damagedCheckpoint, "no module before \"\(module)\" has token embeddings", at: folder,
            found: modules.joined(separator: ", "), advice: "give the training command again with --fresh")
    }
}
