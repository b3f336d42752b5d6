import Devices
import Foundation
import Testing

/// Where CUDA's compiler is looked for, in a file system of our own.
@Suite final class NVRTCPlacesTests {
    private let root = FileManager.default.temporaryDirectory.appending(path: "nvrtc-\(UUID().uuidString)").path

    deinit { try? FileManager.default.removeItem(atPath: root) }

    private func file(_ path: String) throws -> String {
        let whole = root + path, folder = URL(filePath: whole).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: whole))
        return whole
    }

    private func found(_ environment: [String: String] = [:], driver: Int = 12) -> [String] {
        NVRTCPlaces(environment: environment, root: root).paths(driver: driver)
    }

    @Test func byTheLoaderFirst() {
        #expect(found() == ["libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so"])
        #expect(found(driver: 13).prefix(2) == ["libnvrtc.so.13", "libnvrtc.so.12"])
        #expect(found(driver: 11) == ["libnvrtc.so.11.2", "libnvrtc.so"])
    }

    @Test func oneThatIsNamed() {
        #expect(found(["DEEPXML_NVRTC_LIBRARY": "/x/libnvrtc.so.12", "CUDA_HOME": "/y"]) == ["/x/libnvrtc.so.12"])
    }

    /// The library of matrix products, in the same places: of the driver's major number or older, from 12 on.
    @Test func products() throws {
        func found(_ environment: [String: String] = [:], driver: Int = 12) -> [String] {
            NVRTCPlaces(environment: environment, root: root).productPaths(driver: driver)
        }
        let toolkit = try file("/usr/local/cuda/lib64/libcublasLt.so.12")
        let python = try file("/own/lib/python3.11/site-packages/nvidia/cublas/lib/libcublasLt.so.12")
        _ = try file("/own/lib/python3.11/site-packages/nvidia/cublas/lib/libcublasLt.so.11")
        #expect(found(["VIRTUAL_ENV": "\(root)/own"]) == ["libcublasLt.so.12", toolkit, python])
        #expect(found(driver: 13).prefix(2) == ["libcublasLt.so.13", "libcublasLt.so.12"] && found(driver: 11).isEmpty)
        #expect(found(["DEEPXML_CUBLASLT_LIBRARY": "/x/lt.so"]) == ["/x/lt.so"])
        #expect(found(["DEEPXML_CUBLASLT_LIBRARY": "none"]).isEmpty)
    }

    /// What CUDA_HOME names, then the system's, the newest first; none that is newer than the driver.
    @Test func toolkits() throws {
        let old = try file("/usr/local/cuda-12.4/lib64/libnvrtc.so.12"),
            new = try file("/usr/local/cuda-12.10/lib64/libnvrtc.so.12")
        let home = try file("/own/targets/x86_64-linux/lib/libnvrtc.so.12")
        _ = try file("/usr/local/cuda-13.0/lib64/libnvrtc.so.13")
        #expect(found(["CUDA_HOME": "\(root)/own"]).suffix(3) == [home, new, old])
        #expect(found(["CUDA_HOME": "own"]).suffix(2) == [new, old])
    }

    /// Of the active environment, of the python3 of the path, of the user, of the system.
    @Test func pythonEnvironments() throws {
        let library = "lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12"
        let active = try file("/active/\(library)"), own = try file("/own/\(library)"), user = try file("/home/.local/\(library)")
        let system = try file("/usr/lib/python3/dist-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12")
        _ = try file("/own/bin/python3")
        let environment = ["VIRTUAL_ENV": "\(root)/active", "PATH": "\(root)/none:\(root)/own/bin", "HOME": "\(root)/home"]
        #expect(found(environment).suffix(4) == [active, own, user, system])
        #expect(found(["CONDA_PREFIX": "\(root)/active"]).suffix(2) == [active, system])
    }
}
