import DeepXMLModel
import Devices
import Support

/// One training pass of a residual block: each document's x̂ and ∂z depend only on its id.
struct ResidualPass {
    /// |ids|×dims.
    private(set) var z: [Float] = []
    /// |ids|×|columns|.
    private(set) var dx: [Float] = []
    /// R after its update.
    private(set) var weight: [Float] = []

    init(dims: Int, ids: [Int32], columns: Range<Int>, threads: Int) {
        let streams = RandomStreams(seed: 3, module: 1), rows = ids.count, team = ThreadTeam(size: threads)
        defer { team.stop() }
        let device = CPUDevice(team: team), residual = Residual(dims: dims, streams, on: device)
        device.add(device.tensor(noise(rows: dims, cols: dims, scale: 0.1, seed: 5)), to: residual.weight.value)
        func activations() -> Tensor { device.paddedTensor(rows: rows, dims: dims) }
        let (x, z, activation, dz, dh) = (activations(), activations(), activations(), activations(), activations())
        for (row, id) in ids.enumerated() {
            for (tensor, seed) in [(x, UInt64(id)), (dz, UInt64(id) + 1000)] {
                device.upload(noise(rows: 1, cols: dims, seed: seed).buffer, to: tensor.rows(row..<row + 1).withPadding)
            }
        }
        let dx = device.tensor(rows: rows, cols: columns.count)
        residual.prepare(training: true)
        residual.forward(
            x, ids: ids, dropout: (streams.stream(.residualDropout, step: 1), 0.5), activation: activation, z: z)
        residual.activationGradient(dz, activation: activation, keep: 0.5, dh: dh)
        residual.inputGradient(dz, dh: dh, columns: columns, dx: dx)
        residual.weightGradient(dh, x: x, rows: 0..<dims)
        residual.finishBackward(rows: 0..<dims, Adam.dense(learningRate: 0.01, step: 1))
        (self.z, self.dx, weight) = (z.array, dx.array, residual.weight.firstMoment.array)
    }
}
