import Devices
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
    private let device: any Device

    public init(vocabulary: Int, columns: Range<Int>, on device: any Device) {
        self.columns = columns
        self.device = device
        table = Parameter(rows: vocabulary, cols: columns.count, on: device)
    }

    /// Trained ones, which will only be read.
    ///
    /// - Parameter table: V×|columns|.
    public init(trained table: Buffer<Float>, columns: Range<Int>, on device: any Device) {
        (self.columns, self.device) = (columns, device)
        let rows = columns.isEmpty ? 0 : table.count / columns.count
        self.table = Parameter(viewing: table, rows: rows, cols: columns.count, on: device)
    }

    /// Copies this shard's columns of the V×D token embeddings.
    public func initialise(from embeddings: DenseMatrix) {
        precondition(embeddings.rows == table.rows && columns.upperBound <= embeddings.cols)
        device.upload(embeddings, columns: columns, to: table.value)
    }

    /// Xavier-uniform with ReLU gain √2: U(−a, a), a = √2 · √(6 / (V + D)) (Glorot & Bengio 2010).
    public func initialiseAtRandom(_ streams: RandomStreams, dims: Int) {
        device.fillUniform(
            table.value, streams.stream(.embeddingInit, step: 0), firstRow: 0, firstColumn: columns.lowerBound,
            bound: Float((12.0 / Double(table.rows + dims)).squareRoot()))
    }

    /// x̂ = dropout(ReLU(Σ_t w_t E_t)), this shard's columns (WSDM 2021, eq. 2).
    ///
    /// - Parameters:
    ///   - dropout: the stream and the share kept in training; nil at prediction.
    ///   - x: |docs|×|columns|, without padding.
    public func forward(
        _ features: CSRMatrix, docs: [Int32], dropout: (stream: RandomStream, keep: Float)?, into x: Tensor
    ) {
        device.forRanges(docs.count, grain: 16) { [self] rows in
            let ids = Array(docs[rows]), x = x.rows(rows)
            device.sumRows(of: table.value, features, ids, into: x)
            device.drop(x, dropout.map { draw($0, ids) }, relu: true)
        }
    }

    private func draw(_ dropout: (stream: RandomStream, keep: Float), _ ids: [Int32]) -> Dropout {
        Dropout(stream: dropout.stream, keep: dropout.keep, ids: ids, firstColumn: columns.lowerBound)
    }

    /// Lazy step of the optimiser on the rows of the batch's tokens, from the gradient before the ReLU (|docs|×|columns|).
    public func step(_ features: CSRMatrix, docs: [Int32], gradient: Tensor, _ step: OptimiserStep) {
        device.updateRows(of: table, features, docs, gradient: gradient, step)
    }
}
