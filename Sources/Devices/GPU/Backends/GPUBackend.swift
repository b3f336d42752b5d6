import Support

/// An opened device of one driver: memory, programs, and one queue of commands.
///
/// Commands take effect in the order of the calls, and are issued, not waited for; `read` and `wait` wait. What fails is thrown as a
/// `Failure`: `.outOfResources` where memory is short, with what was asked and what is free; `.interrupted` where the device is
/// lost. Several threads may use it: gradients are read and written while the next ones are computed.
protocol GPUBackend: AnyObject, Sendable {
    var device: GPUDescription { get }

    /// The kernel text (a file of Sources/CGPU/Kernels) that puts the kernels' dialect into the driver's language.
    var dialect: String { get }

    /// What is handed to the compiler beside the text.
    var options: [String] { get }

    /// Kernels may use double precision.
    var hasDoubles: Bool { get }

    /// Bytes of the device that are free; nil where the driver does not say.
    var freeBytes: Int? { get }

    /// Memory with any content. It is freed when the last reference to it goes, after the commands that use it.
    func allocate(bytes: Int) throws -> any GPUMemory

    /// Compiles a program, or takes it from its compiled form.
    ///
    /// - Parameter compiled: what `GPUProgram.compiled` gave for the same text, options, device and driver; it may be damaged.
    /// - Throws: `Failure` with the compiler's log; where `compiled` was given and is of no use, whatever the driver says.
    func program(named name: String, text: String, options: [String], compiled: [UInt8]?) throws -> any GPUProgram

    /// Starts a kernel.
    ///
    /// - Parameters:
    ///   - groups: work-groups along each axis.
    ///   - items: work-items of a group along each axis.
    func launch(_ kernel: any GPUKernel, groups: GPUExtent, items: GPUExtent, _ arguments: [GPUArgument]) throws

    /// Copies host memory, which may be used again at once, into device memory from byte `place` on.
    func write(_ bytes: UnsafeRawBufferPointer, to memory: any GPUMemory, at place: Int) throws

    /// Copies device memory from byte `place` on into host memory, when all commands before have ended.
    func read(_ memory: any GPUMemory, at place: Int, into bytes: UnsafeMutableRawBufferPointer) throws

    /// Copies within the device; the parts do not overlap.
    func copy(_ from: any GPUMemory, at: Int, to: any GPUMemory, at place: Int, bytes: Int) throws

    /// Zeros.
    func clear(_ memory: any GPUMemory, at place: Int, bytes: Int) throws

    /// Waits until all commands have ended.
    func wait() throws
}

/// Memory of a device. Each backend has a class of its own for this, and for the two below.
protocol GPUMemory: AnyObject, Sendable {
    var bytes: Int { get }
}

protocol GPUProgram: AnyObject, Sendable {
    func kernel(_ name: String) throws -> any GPUKernel

    /// The program as `program(named:text:options:compiled:)` takes it again; nil where the driver does not give it.
    var compiled: [UInt8]? { get }
}

protocol GPUKernel: AnyObject, Sendable {}

/// How many along each of three axes.
struct GPUExtent: Sendable, Equatable {
    var x: Int, y = 1, z = 1

    init(_ x: Int, _ y: Int = 1, _ z: Int = 1) { (self.x, self.y, self.z) = (x, y, z) }
}

/// What a kernel is called with, in the order of its parameters.
enum GPUArgument: Sendable {
    /// A pointer: GLOBAL … *.
    case memory(any GPUMemory)
    /// int.
    case int(Int)
    /// UINT.
    case word(UInt32)
    /// LONG.
    case long(Int)
    case float(Float)
}

/// A driver that may be there: finds devices, and opens them.
protocol GPUDriver: Sendable {
    var kind: GPUDescription.Driver { get }

    func look() -> GPULook

    /// - Parameter device: one of those that `look` found.
    func open(_ device: GPUDescription) throws -> any GPUBackend
}

/// What a driver shows to this process.
struct GPULook: Sendable {
    var devices: [GPUDescription] = []
    /// Why there is none: no driver, or no device.
    var missing: String?
    /// Why devices that are there cannot be used.
    var unusable: UnusableDriver?
}

extension GPUDescription {
    /// - Parameters:
    ///   - refused: what the driver had no memory for, and its verb: `2 GiB were`.
    ///   - free: bytes; nil where the driver does not say.
    func outOfMemory(refused: String, free: Int?) -> Failure {
        let free = free.map { ", \(Quantity.bytes($0)) free" } ?? ""
        return Failure(
            .outOfResources, "the device is out of memory", at: name,
            found: "\(refused) refused, of \(Quantity.bytes(totalBytes)) it has\(free)",
            advice: "use more workers with devices of their own, a smaller batch, or --device cpu")
    }
}
