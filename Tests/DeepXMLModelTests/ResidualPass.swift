import DeepXMLModel
import Devices
import Support

/// One training pass of a residual block: each document's x̂ and ∂z hang on its id alone.
struct ResidualPass {
    /// |ids|×dims.
    private(set) var z: [Float] = []
    /// |ids|×|columns|.
    private(set) var dx: [Float] = []
    /// R after its update.
    private(set) var weight: [Float] = []

    init(dims: Int, ids: [Int32], columns: Range<Int>, threads: Int) {
        let streams = RandomStreams(seed: 3, module: 1)
        let ld = paddedWidth(dims)
        let rows = ids.count
        let residual = Residual(dims: dims, streams, on: cpu)
        let team = ThreadTeam(size: threads)
        defer { team.stop() }
        let shift = noise(rows: dims, cols: dims, scale: 0.1, seed: 5)
        for i in 0..<dims * ld { residual.weight.value.host.pointer[i] += shift.pointer[i] }
        func activations() -> DenseMatrix { DenseMatrix(rows: rows, cols: ld) }
        let (x, z, activation, dz, scratch) = (activations(), activations(), activations(), activations(), activations())
        for (row, id) in ids.enumerated() {
            for (matrix, seed) in [(x, UInt64(id)), (dz, UInt64(id) + 1000)] {
                let source = noise(rows: 1, cols: dims, seed: seed)
                for d in 0..<dims { matrix[row, d] = source[0, d] }
            }
        }
        let dx = DenseMatrix(rows: rows, cols: columns.count)
        residual.prepare(training: true)
        ids.withUnsafeBufferPointer {
            residual.forward(
                x.pointer, rows: rows, ids: $0.baseAddress!, dropout: (streams.stream(.residualDropout, step: 1), 0.5),
                activation: activation.pointer, z: z.pointer, team: team)
        }
        residual.backward(
            dz.pointer, x: x.pointer, activation: activation.pointer, rows: rows, keep: 0.5, scratch: scratch.pointer,
            columns: columns, dx: dx.pointer, Adam.dense(learningRate: 0.01, step: 1), team: team)
        self.z = (0..<rows).flatMap { row in (0..<dims).map { z[row, $0] } }
        self.dx = dx.buffer.array
        weight = residual.weight.firstMoment.host.buffer.array
    }
}
