import Devices
import Support

/// What tests compute on.
let cpu = CPUDevice(team: ThreadTeam(size: 1))

extension Tensor {
    /// With the padding as columns: the memory itself.
    var padded: DenseMatrix { withPadding.host }

    /// The numbers of a CPU's tensor without padding: the memory itself where the tensor has none, else a copy.
    var host: DenseMatrix { cpu.matrix(self) }
}

extension DenseMatrix {
    /// A copy on the CPU's device: rows×dims with padding, of a matrix whose columns are padded.
    func padded(dims: Int) -> Tensor {
        precondition(cols == paddedWidth(dims))
        let tensor = cpu.paddedTensor(rows: rows, dims: dims)
        cpu.upload(buffer, to: tensor.withPadding)
        return tensor
    }
}

extension Matrix {
    /// The first `cols` columns.
    init(_ tensor: Tensor, cols: Int) { self.init(tensor.host, cols: cols) }
}
