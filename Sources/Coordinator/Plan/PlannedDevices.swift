import Learners
import Reports
import Support

extension RunPlan {
    /// Deals devices to the workers of each node.
    ///
    /// - Parameters:
    ///   - visible: what each rank sees.
    ///   - fastMath: whether tensor cores may be used (`--fast-math`), for the log.
    /// - Returns: a line for the log, where there is something to say.
    /// - Throws: `Failure(.outOfResources)` where a GPU is asked for and a worker sees none.
    package mutating func choose(_ request: DeviceRequest, _ visible: [VisibleGPUs], fastMath: Bool = false) throws -> String? {
        let workers = Set(groups.flatMap(\.workers))
        let choice = try DeviceChoice(
            request,
            nodes: nodes.map { node in
                node.ranks.filter(workers.contains).map { rank in
                    DeviceChoice.Worker(
                        rank: rank, host: node.host, visible: visible.indices.contains(rank) ? visible[rank] : VisibleGPUs())
                }
            }, fastMath: fastMath)
        devices = choice.devices.filter { $0.value != .cpu }
        return choice.text
    }

    /// Workers that compute on a GPU, ascending, with it.
    private var gpuWorkers: [(rank: Int, host: String, device: GPUDescription)] {
        nodes.flatMap { node in
            node.ranks.compactMap { rank in
                guard case .gpu(let device, _)? = devices[rank] else { return nil }
                return (rank, node.host, device)
            }
        }
    }

    /// Bytes of a worker's device: the model, its moments, the batch, and the features that all workers read.
    private func deviceBytes(_ rank: Int) -> Int {
        guard let group = group(ofRank: rank) else { return 0 }
        let share = WorkerShare(labels: labels(ofRank: rank).count, groupSize: group.workers.count, threads: threads[rank])
        return costs.memory(share).bytes + size.mappedBytes
    }

    /// - Throws: `Failure(.outOfResources)` that names the first worker whose device has not what it needs, with what else is on it.
    package func checkDeviceMemory() throws {
        let workers = gpuWorkers
        for worker in workers {
            let sharing = workers.filter { $0.host == worker.host && $0.device.isSame(as: worker.device) }
            let needed = sharing.reduce(0) { $0 + deviceBytes($1.rank) }
            let free = worker.device.freeBytes ?? worker.device.totalBytes
            guard needed > free else { continue }
            throw Failure(
                .outOfResources, "the run needs more memory than a device has", at: "\(worker.device.name) of \(worker.host)",
                found: "\(Quantity.bytes(free)) \(worker.device.freeBytes == nil ? "in all" : "free")",
                expected: "about \(Quantity.bytes(needed)) for \(ranksText(sharing.map(\.rank)))",
                advice: "use more workers with devices of their own, or --device cpu; --dry-run shows what each needs")
        }
    }

    /// For `metrics.json`.
    var deviceRecords: [MetricsReport.Device] {
        gpuWorkers.map { worker in
            MetricsReport.Device(
                rank: worker.rank, host: worker.host, name: worker.device.name, backend: worker.device.driver.rawValue,
                driver: worker.device.version, compiler: worker.device.compiler, fastMath: worker.device.fastMath
            )
        }
    }

    /// Rank, host, device, what it has and what the worker needs; empty where all compute on CPUs.
    var deviceLines: [String] {
        let lines = gpuWorkers.map { worker in
            let device = worker.device
            let has = device.freeBytes.map { "\(Quantity.bytes($0)) free" } ?? "\(Quantity.bytes(device.totalBytes)) in all"
            return "  rank \(worker.rank) on \(worker.host): \(device.name) (\(device.driver.rawValue) \(device.index)), \(has), "
                + "about \(Quantity.bytes(deviceBytes(worker.rank))) needed"
                + (device.fastMath.map { ", \($0)" } ?? "")
        }
        return lines.isEmpty ? [] : ["Devices"] + lines
    }
}

extension GPUDescription {
    /// What is free may have changed since the other looked.
    fileprivate func isSame(as other: GPUDescription) -> Bool {
        driver == other.driver && index == other.index && identity == other.identity && name == other.name
    }
}
