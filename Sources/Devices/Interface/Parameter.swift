import Support

/// A parameter matrix with its optimiser's state; all rows×cols, without padding between rows.
public final class Parameter: Sendable {
    public let value: Tensor
    /// Adam's first moment, or SGD's momentum.
    public let firstMoment: Tensor
    /// Adam's second moment; zeros with SGD.
    public let secondMoment: Tensor

    public var rows: Int { value.rows }
    public var cols: Int { value.cols }

    /// - Parameter tensor: makes zeros, rows×cols.
    public init(rows: Int, cols: Int, _ tensor: (_ rows: Int, _ cols: Int) -> Tensor) {
        (value, firstMoment, secondMoment) = (tensor(rows, cols), tensor(rows, cols), tensor(rows, cols))
    }

    /// Zeros on `device`. Memory that is never touched costs nothing on a CPU.
    public init(rows: Int, cols: Int, on device: any Device) {
        value = device.tensor(rows: rows, cols: cols)
        firstMoment = device.tensor(rows: rows, cols: cols)
        secondMoment = device.tensor(rows: rows, cols: cols)
    }
    /// A matrix that is there already and will only be read; its moments are zeros.
    public init(viewing floats: Buffer<Float>, rows: Int, cols: Int, on device: any Device) {
        value = Tensor(device.memory(viewing: floats), rows: rows, cols: cols)
        firstMoment = device.tensor(rows: rows, cols: cols)
        secondMoment = device.tensor(rows: rows, cols: cols)
    }
}
