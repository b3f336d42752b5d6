import Devices
import Support

/// What tests compute on.
let cpu = CPUDevice(team: ThreadTeam(size: 1))

extension Tensor {
    /// The numbers of a CPU's tensor without padding: the memory itself where the tensor has none, else a copy.
    var host: DenseMatrix { cpu.matrix(self) }
}

extension Matrix {
    /// The first `cols` columns.
    init(_ tensor: Tensor, cols: Int) { self.init(tensor.host, cols: cols) }
}
