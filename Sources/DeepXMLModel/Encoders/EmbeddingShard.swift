import Devices
import Kernels
import Support

/// Some columns of the token embeddings E (V×D): this rank's share, for all tokens.
///
/// Each rank computes its columns of x̂ and, backward, gets exactly the gradient of the columns that it owns: no sparse
/// gradient travels, and memory and work shrink with the number of ranks (DESIGN.md §2).
public final class EmbeddingShard: Sendable {
    /// Which of the D columns are here.
    public let columns: Range<Int>
    /// V×|columns|.
    public let table: Parameter
    private let slots: Buffer<Int32>

    public init(vocabulary: Int, columns: Range<Int>, on device: any Device) {
        self.columns = columns
        table = Parameter(rows: vocabulary, cols: columns.count, on: device)
        slots = Buffer(count: vocabulary)
        slots.fill(-1)
    }

    /// Copies this shard's columns of the V×D token embeddings.
    public func initialise(from embeddings: DenseMatrix) {
        for token in 0..<table.value.rows {
            table.value.hostRow(token).update(from: embeddings.row(token) + columns.lowerBound, count: columns.count)
        }
    }

    /// Xavier-uniform with ReLU gain √2: U(−a, a), a = √2 · √(6 / (V + D)) (Glorot & Bengio 2010).
    public func initialiseAtRandom(_ streams: RandomStreams, dims: Int) {
        let bound = Float((12.0 / Double(table.value.rows + dims)).squareRoot())
        for token in 0..<table.value.rows {
            streams.fillUniform(
                table.value.hostRow(token), count: columns.count, row: token, firstColumn: columns.lowerBound, bound: bound,
                purpose: .embeddingInit)
        }
    }

    /// out(|docs|×|columns|) = dropout(ReLU(Σ_t x_t E_t)), this shard's columns (WSDM 2021, eq. 2).
    ///
    /// - Parameter dropout: the stream and the share kept in training; nil at prediction.
    public func forward(
        _ features: CSRMatrix, docs: [Int32], dropout: (stream: RandomStream, keep: Float)?,
        into out: UnsafeMutablePointer<Float>, team: ThreadTeam
    ) {
        let width = columns.count, ids = Buffer(docs)
        nonisolated(unsafe) let out = out
        let values = features.values!
        team.forRanges(docs.count, grain: 16) { [self] rows in
            let at = out + rows.lowerBound * width
            dx_embed_rows(
                table.value.hostPointer, width, features.starts.pointer, features.indices.pointer, values.pointer,
                ids.pointer + rows.lowerBound, rows.count, at)
            dx_relu_dropout(
                at, rows.count, width, width, columns.lowerBound, ids.pointer + rows.lowerBound,
                (dropout?.stream ?? RandomStream(key0: 0, key1: 0, purpose: 0, step: 0)).hostStream,
                dropout?.keep ?? 1)
        }
    }

    /// Lazy Adam on the rows of the batch's tokens, from the gradient before the ReLU (|docs|×|columns|).
    public func step(
        _ features: CSRMatrix, docs: [Int32], gradient: UnsafePointer<Float>, _ adam: OptimiserStep,
        team: ThreadTeam
    ) {
        let room = docs.reduce(0) { $0 + features.range(Int($1)).count }
        let groups = TokenGroups(capacity: room)
        let count = dx_group_tokens(
            features.starts.pointer, features.indices.pointer, features.values!.pointer, docs, docs.count,
            slots.pointer, groups.tokens.pointer, groups.starts.pointer, groups.rows.pointer, groups.weights.pointer)
        nonisolated(unsafe) let gradient = gradient
        team.forRanges(count, grain: 64) { [self] range in
            dx_embedding_step(
                range.lowerBound, range.upperBound, groups.tokens.pointer, groups.starts.pointer, groups.rows.pointer,
                groups.weights.pointer, gradient, columns.count, table.value.hostPointer, table.firstMoment.hostPointer,
                table.secondMoment.hostPointer, adam.hostNumbers)
        }
    }
}

/// The distinct tokens of a batch, each with its (batch row, weight) entries.
private final class TokenGroups: Sendable {
    let tokens: Buffer<Int32>
    let starts: Buffer<Int64>
    let rows: Buffer<UInt32>
    let weights: Buffer<Float>

    init(capacity: Int) {
        tokens = Buffer(count: capacity)
        starts = Buffer(count: capacity + 1)
        rows = Buffer(count: capacity)
        weights = Buffer(count: capacity)
    }
}
