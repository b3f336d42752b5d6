import ArgumentParser
import Devices
import Support

/// `deepxml-bench device`: a GPU's training steps against what the same device was measured to do at most.
struct DeviceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "Measure a GPU's steps against its own bandwidth and products.",
        discussion: """
            The bounds are measured first, on the same device: bytes a second of a copy, and operations a second of a matrix product. \
            Times are the fewest of several rounds, from the first command to the last one's end.
            """)

    @Option(help: "Which device: gpu, or gpu:N as `deepxml-dist doctor` numbers them.") var device = "gpu"
    @Flag(help: "Small sizes, for a first look; a processor behind OpenCL always gets them.") var small = false

    func run() throws {
        let request = try DeviceRequest(parsing: device), found = try Self.chosen(request)
        let gpu = try GPUs.open(found, team: ThreadTeam(size: 1)), sizes = small || found.isProcessor ? BenchSizes.small : .full
        print("device: \(gpu.name), \(Quantity.bytes(found.totalBytes))")
        if found.isProcessor { print("This is the processor behind OpenCL: the figures are for correctness only.") }
        if small || found.isProcessor { print("Small sizes: launches and copies weigh more than in training.") }
        let bounds = try DeviceBounds(of: gpu, sizes)
        print(
            "copy: \(rounded(bounds.bandwidth / 1e9)) GB/s; matrix product: \(rounded(bounds.product / 1e9)) GFLOP/s; ",
            terminator: "")
        print("a kernel: \(rounded(bounds.launch * 1e6)) µs\n")
        print("| what | measured | bound | ratio | wanted |")
        print("|---|---|---|---|---|")
        try DeviceSteps(device: gpu, bounds: bounds, sizes: sizes, hasBars: sizes == .full).all()
    }

    private static func chosen(_ request: DeviceRequest) throws -> GPUDescription {
        let visible = GPUs.visible(request), number: Int
        if case .numbered(let wanted) = request { number = wanted } else { number = 0 }
        if visible.devices.indices.contains(number) { return visible.devices[number] }
        throw Failure(
            .outOfResources, "there is no such device", at: "--device \(request)",
            found: visible.devices.isEmpty
                ? visible.missing.joined(separator: "; ") : Quantity.plural(visible.devices.count, "device"),
            advice: "`deepxml-dist doctor` shows the devices; DEEPXML_OPENCL_CPU=1 takes PoCL's processor")
    }
}

/// How much each measurement works on.
struct BenchSizes: Equatable {
    /// Floats that are copied; rows and columns of the product's matrices.
    var copied: Int, side: Int
    /// Labels of the classifiers, one measurement each.
    var labels: [Int]
    /// Documents of an encoder's batch.
    var batch: Int
    /// Vectors that are searched, queries.
    var vectors: Int, queries: Int
    var rounds: Int

    static let full = BenchSizes(
        copied: 64 << 20, side: 4096, labels: [131_072, 670_091], batch: 255, vectors: 262_144, queries: 1024, rounds: 9)
    static let small = BenchSizes(
        copied: 1 << 20, side: 256, labels: [2_000], batch: 8, vectors: 2_048, queries: 32, rounds: 2)
}
