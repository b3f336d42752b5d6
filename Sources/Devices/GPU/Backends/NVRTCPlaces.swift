import Foundation
import Support

/// Where a libnvrtc may be, and a libcublasLt.
package struct NVRTCPlaces {
    private let environment: [String: String]
    private let root: String

    /// - Parameter root: stands before the system's own folders.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment, root: String = "") {
        (self.environment, self.root) = (environment, root)
    }

    /// Paths in the order in which they are tried: for the loader to find, of toolkits, of Python environments.
    ///
    /// - Parameter driver: the major number of the driver's CUDA: it takes no program of a newer one's.
    package func paths(driver: Int) -> [String] {
        if let own = environment["DEEPXML_NVRTC_LIBRARY"] { return [own] }
        return paths(stride(from: driver, through: 12, by: -1).map { "libnvrtc.so.\($0)" } + ["libnvrtc.so.11.2", "libnvrtc.so"])
    }

    /// The same of the library of matrix products; none where it is switched off (`none`), or the driver is older than what it needs.
    package func productPaths(driver: Int) -> [String] {
        if let own = environment["DEEPXML_CUBLASLT_LIBRARY"] { return own == "none" ? [] : [own] }
        return paths(stride(from: driver, through: 12, by: -1).map { "libcublasLt.so.\($0)" })
    }

    private func paths(_ names: [String]) -> [String] {
        names + (toolkits + pythons).flatMap { folder in names.map { "\(folder)/\($0)" } }.filter(isFile)
    }

    /// Values that name folders.
    private func folders(_ names: [String]) -> [String] {
        names.compactMap { environment[$0] }.filter { $0.hasPrefix("/") }
    }

    private var toolkits: [String] {
        let local = "\(root)/usr/local", versions = Self.newestFirst(namesInFolder(local).filter { $0.hasPrefix("cuda-") })
        let homes =
            folders(["CUDA_HOME", "CUDA_PATH"]) + ["\(local)/cuda"] + versions.map { "\(local)/\($0)" }
            + ["\(root)/opt/cuda"]
        let parts = ["lib64", "lib", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib"]
        return homes.flatMap { home in parts.map { "\(home)/\($0)" } } + folders(["CONDA_PREFIX"]).map { "\($0)/lib" }
    }

    /// `nvidia/<part>/lib` of packages: what `pip install nvidia-cuda-nvrtc-cu12` brings, as PyTorch does.
    private var pythons: [String] {
        let own = (environment["PATH"] ?? "").split(separator: ":").first { isFile("\($0)/python3") }
        let prefixes =
            folders(["VIRTUAL_ENV", "CONDA_PREFIX"]) + (own.map { [parentFolder(String($0))] } ?? [])
            + folders(["HOME"]).map { "\($0)/.local" } + ["\(root)/usr/local", "\(root)/usr"]
        return prefixes.flatMap { prefix in
            Self.newestFirst(namesInFolder("\(prefix)/lib").filter { $0.hasPrefix("python3") }).flatMap { python in
                ["site-packages", "dist-packages"].flatMap { packages -> [String] in
                    let nvidia = "\(prefix)/lib/\(python)/\(packages)/nvidia"
                    return namesInFolder(nvidia).map { "\(nvidia)/\($0)/lib" }
                }
            }
        }
    }

    private static func newestFirst(_ names: [String]) -> [String] {
        names.sorted { $0.compare($1, options: .numeric) == .orderedDescending }
    }
}
