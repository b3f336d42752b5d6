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
    /// A matrix that is there already, with moments of zeros; or without, where it does not learn by itself.
    public init(value: Tensor, hasMoments: Bool = true, on device: any Device) {
        self.value = value
        firstMoment = device.tensor(rows: hasMoments ? value.rows : 0, cols: value.cols)
        secondMoment = device.tensor(rows: hasMoments ? value.rows : 0, cols: value.cols)
    }

    /// Views of what is there already, all of one shape.
    public init(value: Tensor, firstMoment: Tensor, secondMoment: Tensor) {
        (self.value, self.firstMoment, self.secondMoment) = (value, firstMoment, secondMoment)
    }

    /// A matrix that is there already and will only be read; its moments are zeros.
    public init(viewing floats: Buffer<Float>, rows: Int, cols: Int, on device: any Device) {
        value = Tensor(device.memory(viewing: floats), rows: rows, cols: cols)
        firstMoment = device.tensor(rows: rows, cols: cols)
        secondMoment = device.tensor(rows: rows, cols: cols)
    }
}
