import Support

/// The one-vs-all classifiers of some neighbouring labels on a device: W, bias, and their moments.
public final class ClassifierShard: Sendable {
    public let device: any Device
    /// Which labels are here.
    public let labels: Range<Int>
    /// D of z.
    public let dims: Int
    /// W: |labels|×ld, the columns from D on zeros.
    public let weight: Parameter
    /// |labels|×1; zeros where the classifier has none.
    public let bias: Parameter
    /// false: the bias stays 0 at every step.
    public let hasBias: Bool

    /// Columns of W: D padded to whole vectors.
    public var ld: Int { weight.cols }

    /// Zeros.
    public init(labels: Range<Int>, dims: Int, hasBias: Bool, on device: any Device) {
        self.device = device
        self.labels = labels
        self.dims = dims
        self.hasBias = hasBias
        weight = Parameter(rows: labels.count, cols: paddedWidth(dims), on: device)
        bias = Parameter(rows: labels.count, cols: 1, on: device)
    }

    /// Trained ones, which will only be read.
    ///
    /// - Parameters:
    ///   - weight: |labels|×ld.
    ///   - bias: |labels|.
    public init(
        labels: Range<Int>, dims: Int, hasBias: Bool, trained weight: Buffer<Float>, bias: Buffer<Float>, on device: any Device
    ) {
        precondition(weight.count == labels.count * paddedWidth(dims) && bias.count == labels.count)
        (self.device, self.labels, self.dims, self.hasBias) = (device, labels, dims, hasBias)
        self.weight = Parameter(viewing: weight, rows: labels.count, cols: paddedWidth(dims), on: device)
        self.bias = Parameter(viewing: bias, rows: labels.count, cols: 1, on: device)
    }
}
