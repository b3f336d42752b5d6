// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target of ours: Swift 6 mode (the default of these tools), and a warning fails the build.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]
/// The hot loops are C and always optimised: a debug build of the rest still trains at full speed.
let hotC: [CSetting] = [.unsafeFlags(["-O3", "-fno-math-errno", "-Wall", "-Wextra", "-Werror"])]

let package = Package(
    name: "deepxml-dist",
    products: [.executable(name: "deepxml-dist", targets: ["deepxml-dist"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    ],
    targets: [
        // System libraries: Debian packages, named once in launch/install-deps.
        .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
        .systemLibrary(name: "CHDF5", pkgConfig: "hdf5-serial", providers: [.apt(["libhdf5-dev"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // C and C++: the few hot loops, and the graph index behind a C header.
        .target(name: "Kernels", cSettings: hotC),
        .target(name: "CHNSW", cxxSettings: [.unsafeFlags(["-O3", "-std=c++17"])]),

        // Swift, lowest layer first; each imports only what stands above it in this list.
        .target(name: "Diagnostics", swiftSettings: strict),
        .target(name: "Buffers", dependencies: ["Diagnostics"], swiftSettings: strict),
        .target(name: "Transport", dependencies: ["CMPI", "Diagnostics", "Buffers"], swiftSettings: strict),
        .target(name: "Checkpoint", dependencies: ["CHDF5", "CZlib", "Diagnostics", "Buffers"], swiftSettings: strict),
        .target(name: "XCData", dependencies: ["Kernels", "CZlib", "Diagnostics", "Buffers"], swiftSettings: strict),
        .target(name: "Prepare", dependencies: ["Diagnostics", "Buffers", "XCData"], swiftSettings: strict),
        .target(
            name: "DeepXMLModel", dependencies: ["Kernels", "CHNSW", "Diagnostics", "Buffers", "XCData"],
            swiftSettings: strict),
        .target(
            name: "Worker",
            dependencies: [
                "DeepXMLModel", "Kernels", "XCData", "Checkpoint", "Transport", "Diagnostics", "Buffers",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .target(
            name: "Coordinator",
            dependencies: [
                "Worker", "XCData", "Checkpoint", "Transport", "Diagnostics", "Buffers",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        // What the other commands do: convert, evaluate, extract, inspect, doctor, predict.
        .target(
            name: "Tools",
            dependencies: [
                "Coordinator", "Worker", "DeepXMLModel", "Prepare", "XCData", "Checkpoint", "Transport", "Diagnostics", "Buffers",
                "CMPI", "COpenBLAS", "CHDF5",
            ], swiftSettings: strict),
        .executableTarget(
            name: "deepxml-dist",
            dependencies: [
                "Tools", "Coordinator", "Worker", "Prepare", "XCData", "Transport", "Diagnostics",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),

        // launch/bench: ratios to bounds of the machine.
        .executableTarget(
            name: "deepxml-bench", dependencies: ["Kernels", "COpenBLAS", "DeepXMLModel", "XCData", "Buffers"],
            path: "Benchmarks",
            swiftSettings: strict),

        .testTarget(name: "BuffersTests", dependencies: ["Buffers"]),
        .testTarget(name: "KernelsTests", dependencies: ["Kernels"]),
        .testTarget(name: "TransportTests", dependencies: ["Transport", "TransportChecks", "Diagnostics", "Buffers"]),
        // Properties of a communicator: TransportTests runs them over threads, mpi-checks under mpirun.
        .target(name: "TransportChecks", dependencies: ["Transport", "Buffers"], path: "Tests/MPIChecks/Checks"),
        .executableTarget(
            name: "mpi-checks", dependencies: ["Transport", "TransportChecks", "Diagnostics", "Buffers"],
            path: "Tests/MPIChecks/Command"),
        .testTarget(name: "CheckpointTests", dependencies: ["Checkpoint", "Diagnostics", "Buffers"]),
        .testTarget(name: "XCDataTests", dependencies: ["XCData", "Diagnostics", "Buffers"]),
        .testTarget(name: "PrepareTests", dependencies: ["Prepare", "XCData", "Diagnostics"]),
        .testTarget(
            name: "DeepXMLModelTests", dependencies: ["DeepXMLModel", "Kernels", "XCData", "Buffers", "Diagnostics"]),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "WorkerChecks", "Worker", "DeepXMLModel", "XCData", "Transport", "Checkpoint", "Buffers", "Diagnostics",
            ]),
        // Whole learners over a communicator: WorkerTests runs them over threads, worker-checks under mpirun.
        .target(
            name: "WorkerChecks",
            dependencies: ["Coordinator", "Worker", "XCData", "Checkpoint", "Transport", "Buffers", "Diagnostics"],
            path: "Tests/WorkerChecks/Checks"),
        .executableTarget(
            name: "worker-checks", dependencies: ["WorkerChecks", "Transport", "Diagnostics"],
            path: "Tests/WorkerChecks/Command"),
        .testTarget(
            name: "ToolsTests",
            dependencies: [
                "WorkerChecks", "Tools", "Coordinator", "Worker", "DeepXMLModel", "Prepare", "XCData", "Checkpoint", "Transport",
                "Buffers", "Diagnostics",
            ]),
        .testTarget(
            name: "CoordinatorTests",
            dependencies: ["Coordinator", "Worker", "DeepXMLModel", "XCData", "Transport", "Buffers", "Diagnostics"]),
    ]
)

// launch/fuzz: libFuzzer brings its own main, so that this builds only with --sanitize fuzzer.
if Context.environment["DEEPXML_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz", dependencies: ["XCData", "Prepare", "Checkpoint", "CZlib", "Buffers", "Diagnostics"],
            path: "Tests/fuzz/Targets", swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}

// launch/docs: the plugin that makes documentation is a dependency only there.
if Context.environment["DEEPXML_DOCS"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0"))
}
