import Support

/// Where a worker's tensors live, and what is computed on them: the one way in which the maths reaches a processor.
///
/// The operations are few and large, so that a device whose memory is not ours and whose steps run behind our back can stand
/// here too. Operations of one caller take effect in the order of the calls; `download` and `withHost` wait for those before
/// them. What an operation cannot do it throws at the next `finish`, or ends with a precondition where the caller is wrong.
///
/// Every device sums in the order that `CPUDevice`, the reference, sums in, or says that it does not.
public protocol Device: AnyObject, Sendable, EncoderOperations, ClassifierOperations, SearchOperations, LinearOperations,
    DenseLinearOperations, LayoutOperations
{
    /// What it is, for plans and logs: `CPU, 2 threads`.
    var name: String { get }

    /// The threads of this rank's processor: for what always runs there.
    var team: ThreadTeam { get }

    // MARK: Memory

    /// Zeros.
    func memory(floats: Int) -> DeviceMemory

    /// Floats that are there already and are only read: on a CPU a view, else a copy.
    func memory(viewing floats: Buffer<Float>) -> DeviceMemory

    /// Memory of the host as the device's own; nil where it can't be.
    func memory(sharing floats: Buffer<Float>) -> DeviceMemory?

    /// Bytes of this device's memory that tensors take now.
    var bytesInUse: Int { get }

    /// Bytes that are still free; nil where the system does not say.
    var bytesFree: Int? { get }

    // MARK: Transfer

    /// Copies rows·cols floats, without padding, into the tensor.
    func upload(_ values: Buffer<Float>, to tensor: Tensor)

    /// The tensor's rows one after the other without padding. Where the memory is ours it may be a view, not a copy.
    func download(_ tensor: Tensor) -> Buffer<Float>

    /// Lends the tensor's memory, padding and all, to code that needs it on the host: messages, files, lists.
    ///
    /// - Parameter body: gets (rows−1)·stride + cols floats: the memory itself, or a copy that is written back unless `access` is
    ///   `.read`. It must not outlive the call.
    func withHost<Result>(_ tensor: Tensor, _ access: HostAccess, _ body: (Buffer<Float>) throws -> Result) rethrows -> Result

    /// The memory itself that `withHost` lends, for messages that move while the device works; nil where it isn't the host's.
    func hostMemory(of tensor: Tensor) -> Buffer<Float>?

    // MARK: Order

    /// `body(0) … body(count-1)`, which may run side by side; returns when all are issued. Operations in a body follow each other.
    ///
    /// On the CPU each body has one thread of the team: bodies must neither use the team nor call this again.
    func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) -> Void)

    /// How many operations may well run side by side: a CPU's threads; 1 where one operation fills the device.
    var lanes: Int { get }

    /// Calls `body` with neighbouring ranges that together are `0..<count`, side by side: the CPU cuts what its threads share
    /// into runs of at least `grain`; a device that wants large calls gives one.
    func forRanges(_ count: Int, grain: Int, _ body: @escaping @Sendable (Range<Int>) -> Void)

    /// Waits for all operations.
    ///
    /// - Throws: `Failure` where one of them failed: the device is lost, or has no memory left.
    func finish() throws

    /// Throws what has failed so far, as `finish` does, but waits for nothing: the values of an operation that returned some hold
    /// where this does not throw.
    func check() throws
}

/// What host code does with memory that a device lends.
public enum HostAccess: Sendable { case read, write, readWrite }

extension Device {
    public func check() throws {}

    /// A rows×cols matrix of zeros.
    public func tensor(rows: Int, cols: Int) -> Tensor { Tensor(memory(floats: rows * cols), rows: rows, cols: cols) }

    /// A rows×dims matrix of zeros whose rows are padded to whole vectors.
    public func paddedTensor(rows: Int, dims: Int) -> Tensor {
        let stride = paddedWidth(dims)
        return Tensor(memory(floats: rows * stride), rows: rows, cols: dims, stride: stride)
    }

    /// Lends several tensors at once, as `withHost` does one.
    public func withHost<Result>(_ tensors: [Tensor], _ access: HostAccess, _ body: ([Buffer<Float>]) throws -> Result) throws
        -> Result
    {
        func lend(_ lent: [Buffer<Float>]) throws -> Result {
            if lent.count == tensors.count { return try body(lent) }
            return try withHost(tensors[lent.count], access) { try lend(lent + [$0]) }
        }
        return try lend([])
    }

    /// The numbers of a host matrix on this device.
    public func tensor(_ matrix: DenseMatrix) -> Tensor {
        let tensor = tensor(rows: matrix.rows, cols: matrix.cols)
        upload(matrix.buffer, to: tensor)
        return tensor
    }

    /// Copies some columns of a host matrix into a tensor.
    public func upload(_ matrix: DenseMatrix, columns: Range<Int>, to tensor: Tensor) {
        withHost(tensor, .write) { to in
            for row in 0..<matrix.rows {
                for (c, column) in columns.enumerated() { to[row * tensor.stride + c] = matrix[row, column] }
            }
        }
    }

    /// The tensor on the host, without padding.
    public func matrix(_ tensor: Tensor) -> DenseMatrix {
        DenseMatrix(rows: tensor.rows, cols: tensor.cols, buffer: download(tensor))
    }
}
