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
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // C and C++: the few hot loops, the parser of text files, and the graph index behind a C header.
        .target(name: "Kernels", cSettings: hotC),
        .target(name: "CText", cSettings: hotC),
        // The kernels' texts for GPUs, and the drivers' functions, which are looked for at run time: nothing is linked.
        .target(
            name: "CGPU", exclude: ["Kernels"],
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror", "-Wno-c23-extensions"])]),
        .target(name: "CHNSW", cxxSettings: [.unsafeFlags(["-O3", "-std=c++17"])]),

        // Swift, lowest layer first; each imports only what stands above it in this list.
        .target(name: "Support", dependencies: ["CXXHash", "CZlib"], swiftSettings: strict),
        .target(name: "Transport", dependencies: ["CMPI", "Support"], swiftSettings: strict),
        .target(name: "Checkpoint", dependencies: ["CHDF5", "Support"], swiftSettings: strict),
        // npy, npz, zip, gzip, pickle, JSON, XC text: what others write and read.
        .target(name: "Formats", dependencies: ["CText", "CZlib", "Support"], swiftSettings: strict),
        .target(name: "Config", dependencies: ["Formats", "Support"], swiftSettings: strict),
        .target(name: "Datasets", dependencies: ["CText", "Config", "Formats", "Support"], swiftSettings: strict),
        // What coordinator and workers say to each other, and whether they are still there.
        .target(name: "Messages", dependencies: ["Checkpoint", "Transport", "Support"], swiftSettings: strict),
        // How scores of label shards, stages and learners become one, and what they are worth.
        .target(name: "Scoring", dependencies: ["Config", "Messages", "Support"], swiftSettings: strict),
        // What a person sees of results: metrics.json, events, report.html.
        .target(name: "Reports", dependencies: ["Scoring", "Messages", "Formats", "Support"], swiftSettings: strict),
        .target(name: "Prepare", dependencies: ["Datasets", "Formats", "Support"], swiftSettings: strict),
        // Where tensors live and are computed on; only its CPU folder calls the kernels, only its GPU folder drivers.
        .target(name: "Devices", dependencies: ["Kernels", "CHNSW", "CGPU", "Support"], swiftSettings: strict),
        .target(name: "DeepXMLModel", dependencies: ["Devices", "Support"], swiftSettings: strict),
        // Networks, searches and epochs over the workers of a group.
        .target(
            name: "Training",
            dependencies: [
                "DeepXMLModel", "Devices", "Messages", "Datasets", "Config", "Formats", "Checkpoint", "Transport",
                "Support",
            ], swiftSettings: strict),
        .target(
            name: "Learners",
            dependencies: [
                "Training", "DeepXMLModel", "Devices", "Scoring", "Messages", "Datasets", "Config", "Formats", "Checkpoint",
                "Transport",
                "Support",
            ], swiftSettings: strict),
        // A trained model: predict, extract, encode.
        .target(
            name: "Inference",
            dependencies: [
                "Learners", "Training", "DeepXMLModel", "Devices", "Scoring", "Messages", "Datasets", "Config", "Formats",
                "Checkpoint",
                "Transport", "Support",
            ], swiftSettings: strict),
        .target(
            name: "Worker",
            dependencies: [
                "Learners", "Training", "DeepXMLModel", "Devices", "Messages", "Datasets", "Config", "Formats", "Checkpoint",
                "Transport",
                "Support",
            ], swiftSettings: strict),
        .target(
            name: "Coordinator",
            dependencies: [
                "Reports", "Inference", "Learners", "Training", "DeepXMLModel", "Devices", "Scoring", "Messages", "Datasets",
                "Config",
                "Formats", "Checkpoint",
                "Transport", "Support", .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        // What the other commands do: convert, evaluate, inspect, doctor, predict.
        .target(
            name: "Tools",
            dependencies: [
                "Coordinator", "Reports", "Inference", "Learners", "Training", "DeepXMLModel", "Devices", "Prepare", "Scoring",
                "Messages",
                "Datasets",
                "Config", "Formats", "Checkpoint", "Transport", "Support", "CMPI", "COpenBLAS", "CHDF5",
            ], swiftSettings: strict),
        .executableTarget(
            name: "deepxml-dist",
            dependencies: [
                "Tools", "Coordinator", "Reports", "Worker", "Inference", "Learners", "Prepare", "Messages", "Datasets", "Config",
                "Formats",
                "Transport", "Support",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),

        // launch/bench: ratios to bounds of the machine.
        .executableTarget(
            name: "deepxml-bench",
            dependencies: [
                "GeneratedData", "COpenBLAS", "DeepXMLModel", "Devices", "Formats", "Support",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks", exclude: ["GeneratedData"],
            swiftSettings: strict),
        // Data sets of any shape, for time and memory at a scale that no set at hand has.
        .target(name: "GeneratedData", dependencies: ["Support"], path: "Benchmarks/GeneratedData", swiftSettings: strict),

        // What tests of several targets use.
        .target(name: "TestSupport", dependencies: ["Support"], path: "Tests/TestSupport"),
        .testTarget(name: "SupportTests", dependencies: ["TestSupport", "Support"]),
        .testTarget(name: "GeneratedDataTests", dependencies: ["TestSupport", "GeneratedData", "Formats", "Support"]),
        .testTarget(name: "KernelsTests", dependencies: ["Kernels"]),
        .testTarget(name: "TransportTests", dependencies: ["Transport", "TransportChecks", "Support"]),
        // Properties of a communicator: TransportTests runs them over threads, mpi-checks under mpirun.
        .target(name: "TransportChecks", dependencies: ["Transport", "Support"], path: "Tests/MPIChecks/Checks"),
        .executableTarget(
            name: "mpi-checks", dependencies: ["Transport", "TransportChecks", "Support"],
            path: "Tests/MPIChecks/Command"),
        .testTarget(name: "CheckpointTests", dependencies: ["TestSupport", "Checkpoint", "Support"]),
        .testTarget(name: "FormatsTests", dependencies: ["TestSupport", "Formats", "Support"]),
        .testTarget(name: "ConfigTests", dependencies: ["TestSupport", "Learners", "Config", "Formats", "Support"]),
        .testTarget(name: "DatasetsTests", dependencies: ["TestSupport", "Datasets", "Config", "Formats", "Support"]),
        .testTarget(name: "MessagesTests", dependencies: ["Messages", "Transport", "Support"]),
        .testTarget(name: "ScoringTests", dependencies: ["TestSupport", "Scoring", "Messages", "Datasets", "Support"]),
        .testTarget(name: "ReportsTests", dependencies: ["TestSupport", "Reports", "Scoring", "Messages", "Formats", "Support"]),
        .testTarget(name: "PrepareTests", dependencies: ["TestSupport", "Prepare", "Datasets", "Formats", "Support"]),
        .testTarget(name: "DevicesTests", dependencies: ["Devices", "Kernels", "Support"]),
        .testTarget(
            name: "DeepXMLModelTests", dependencies: ["DeepXMLModel", "Devices", "Formats", "Support"]),
        .testTarget(
            name: "LearnersTests",
            dependencies: [
                "TestSupport", "WorkerChecks", "Coordinator", "Learners", "Training", "DeepXMLModel", "Devices", "Messages",
                "Datasets", "Config", "Formats", "Transport", "Checkpoint",
                "Support",
            ]),
        // Whole learners over a communicator: LearnersTests runs them over threads, worker-checks under mpirun.
        .target(
            name: "WorkerChecks",
            dependencies: [
                "Coordinator", "Worker", "Learners", "Training", "Inference", "Messages", "Datasets", "Config", "Formats",
                "Checkpoint", "Transport", "Support",
            ],
            path: "Tests/WorkerChecks/Checks"),
        .executableTarget(
            name: "worker-checks", dependencies: ["WorkerChecks", "Transport", "Support"],
            path: "Tests/WorkerChecks/Command"),
        .testTarget(
            name: "ToolsTests",
            dependencies: [
                "TestSupport", "WorkerChecks", "Tools", "Coordinator", "Reports", "Worker", "Inference", "Learners", "Training",
                "DeepXMLModel",
                "Devices",
                "Prepare",
                "Scoring", "Messages", "Datasets", "Config", "Formats", "Checkpoint", "Transport", "Support",
            ]),
        .testTarget(
            name: "CoordinatorTests",
            dependencies: [
                "TestSupport", "Coordinator", "Reports", "Learners", "Training", "DeepXMLModel", "Devices", "Scoring", "Messages",
                "Datasets", "Config",
                "Formats", "Transport", "Support",
            ]),
    ]
)

// launch/fuzz: libFuzzer brings its own main, so that this builds only with --sanitize fuzzer. It looks at the counters of the whole
// program after each input, so that each group of targets is a program of its own, of no more modules than it needs.
if let group = Context.environment["DEEPXML_FUZZ"] {
    let modules: [String: [Target.Dependency]] = [
        "Matrix": ["CZlib", "Datasets", "Formats", "Support"],
        "Text": ["Config", "Datasets", "Formats", "Prepare", "Support"],
        "Checkpoint": ["CHDF5", "Checkpoint", "Formats", "Support"],
        "Model": ["Checkpoint", "Datasets", "Devices", "Learners", "Support"],
    ]
    package.targets.append(
        .executableTarget(
            name: "fuzz", dependencies: modules[group] ?? [], path: "Tests/fuzz/Targets",
            sources: ["Entry.swift", "InputFile.swift", "\(group)Parsers.swift"],
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}

// launch/docs: the plugin that makes documentation is a dependency only there.
if Context.environment["DEEPXML_DOCS"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0"))
}
