import CHDF5
import Support

// A file may be a stranger's. HDF5 lets one point at other files, have its elements made by code that is looked for on the disk, and say
// that it holds more than any memory: none of this is followed.
extension H5File {
    /// Opens a dataset that lies in this very file, as its elements do. The library's lock is held.
    func openDataset(_ name: String, _ place: H5Place) throws -> hid_t {
        try checkLinks(to: name, place)
        let dataset = try place.check(H5Dopen2(id, name, chdf5_default()), "open")
        do {
            try checkElements(of: dataset, place)
            return dataset
        } catch {
            H5Dclose(dataset)
            throw error
        }
    }

    /// Opens a group or a dataset, `/` being the file itself. The library's lock is held.
    func openObject(_ name: String, _ place: H5Place) throws -> hid_t {
        try checkLinks(to: name, place)
        return try place.check(H5Oopen(id, name, chdf5_default()), "find the object of")
    }

    /// No part of a path is a link to another file, or to another path that may hold one.
    private func checkLinks(to name: String, _ place: H5Place) throws {
        var path = ""
        for part in name.split(separator: "/") {
            path += "/\(part)"
            switch UInt8(truncatingIfNeeded: chdf5_link_leads_out(id, path)) {
            case 0: continue
            case UInt8(ascii: "l"): throw leadsOut("a link in place of \(path)")
            default: throw place.failure("open", said: "nothing at \(path)")
            }
        }
    }

    private func checkElements(of dataset: hid_t, _ place: H5Place) throws {
        switch UInt8(truncatingIfNeeded: chdf5_data_leads_out(dataset)) {
        case 0: return
        case UInt8(ascii: "x"): throw leadsOut("elements of \(place.object) that lie in other files")
        case UInt8(ascii: "v"): throw leadsOut("a virtual dataset, \(place.object)")
        case UInt8(ascii: "f"): throw leadsOut("a filter of \(place.object) that is none of gzip, shuffle and Fletcher-32")
        default: throw place.failure("read the properties of", said: "no properties")
        }
    }

    private func leadsOut(_ found: String) -> Failure {
        Failure(
            .usage, "an HDF5 file that needs more than itself", at: path, found: found,
            expected: "datasets whose elements lie in the file, packed by gzip or not at all",
            advice: "copy the arrays into a new file: h5py's create_dataset(name, data=array)")
    }

    /// Whether so many bytes can come from a dataset: gzip makes at most 1,032 of one, and what was never written is not worth reading.
    func checkSize(_ shape: [Int], _ type: H5Scalar, of dataset: hid_t, _ place: H5Place) throws {
        var file: hsize_t = 0
        try place.check(H5Fget_filesize(id, &file), "find the size of the file of")
        let stored = min(Int(clamping: H5Dget_storage_size(dataset)), Int(clamping: file))
        let (count, isTooLarge) = shape[0].multipliedReportingOverflow(by: shape.count == 2 ? shape[1] : 1)
        if !isTooLarge, count <= (1 << 20 + 1032 * stored) / type.size { return }
        throw Failure(
            .usage, "a dataset out of proportion to its file", at: "\(path): \(place.object)",
            found: "\(shape.map(String.init).joined(separator: "×")) elements in \(stored) bytes",
            expected: "at most 1,032 bytes of each byte in the file", advice: "write the file again")
    }
}
