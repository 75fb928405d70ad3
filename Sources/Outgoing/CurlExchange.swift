import CLibCurl
import Foundation
import Synchronization

/// One libcurl handle and the connection it keeps to a server for the next request. Used by one thread at a time; blocks it.
final class CurlExchange {
    private let easy: UnsafeMutableRawPointer
    private let complaint = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var response = OutgoingResponse()
    private var limit = 0
    private var calledOff: CallOff?

    init(authorities: String?) {
        Self.prepareLibrary
        // It fails only when memory is exhausted.
        guard let easy = curl_easy_init() else { fatalError("libcurl could not make a handle") }
        self.easy = easy
        configure(authorities)
    }

    deinit {
        curl_easy_cleanup(easy)
        complaint.deallocate()
    }

    /// Sends the request and waits for the whole answer, of at most `limit` bytes.
    func perform(_ request: OutgoingRequest, limit: Int, calledOff: CallOff) throws(OutgoingError) -> OutgoingResponse {
        var list: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(list) }
        // libcurl would add a type of its own, and wait for a word before it sends a body.
        let type = request.headers.contains { $0.name == "content-type" } ? [] : ["content-type: application/octet-stream"]
        for line in request.headers.map({ "\($0.name): \($0.value)" }) + ["expect:"] + type {
            list = curl_slist_append(list, line)
        }
        curl_set_text(easy, CURLOPT_URL, request.url)
        curl_set_list(easy, CURLOPT_HTTPHEADER, list)
        switch request.method {
        case .get: curl_set_number(easy, CURLOPT_HTTPGET, 1)
        case .head: curl_set_number(easy, CURLOPT_NOBODY, 1)
        case .put, .post, .delete: curl_set_number(easy, CURLOPT_POST, 1)
        }
        curl_set_text(easy, CURLOPT_CUSTOMREQUEST, request.method == .head ? nil : request.method.rawValue)
        response = OutgoingResponse()
        self.limit = limit
        self.calledOff = calledOff
        complaint[0] = 0
        defer {
            response = OutgoingResponse()
            curl_set_number(easy, CURLOPT_NOBODY, 0)
        }
        let result = request.body.withUnsafeBytes { body in
            // Not copied; it outlives the call.
            curl_set_pointer(easy, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: body.baseAddress ?? UnsafeRawPointer(complaint)))
            curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
            return curl_easy_perform(easy)
        }
        if calledOff.isCalledOff { throw .cancelled }
        guard result == CURLE_OK else {
            let words = String(cString: complaint)
            throw .unavailable(words.isEmpty ? String(cString: curl_easy_strerror(result)) : words)
        }
        response.status = curl_get_number(easy, CURLINFO_RESPONSE_CODE)
        return response
    }

    private func configure(_ authorities: String?) {
        curl_set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        // The environment's proxies are meant for others.
        curl_set_text(easy, CURLOPT_PROXY, "")
        curl_set_number(easy, CURLOPT_NOSIGNAL, 1)
        curl_set_number(easy, CURLOPT_FOLLOWLOCATION, 0)
        curl_set_number(easy, CURLOPT_CONNECTTIMEOUT_MS, 10_000)
        // A transfer that has all but stopped for half a minute has stopped.
        curl_set_number(easy, CURLOPT_LOW_SPEED_LIMIT, 100)
        curl_set_number(easy, CURLOPT_LOW_SPEED_TIME, 30)
        curl_set_number(easy, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let authorities { curl_set_text(easy, CURLOPT_CAINFO, authorities) }
        let this = Unmanaged.passUnretained(self).toOpaque()
        curl_set_pointer(easy, CURLOPT_ERRORBUFFER, complaint)
        curl_set_pointer(easy, CURLOPT_WRITEDATA, this)
        curl_set_taker(easy) { bytes, size, count, this in
            guard let bytes, let exchange = CurlExchange.at(this) else { return 0 }
            return exchange.take(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        curl_set_pointer(easy, CURLOPT_HEADERDATA, this)
        curl_set_mover(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, this in
            guard let bytes, let exchange = CurlExchange.at(this) else { return 0 }
            exchange.note(String(decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self))
            return size * count
        }
        curl_set_number(easy, CURLOPT_NOPROGRESS, 0)
        curl_set_pointer(easy, CURLOPT_XFERINFODATA, this)
        curl_set_progress(easy) { this, _, _, _, _ in CurlExchange.at(this)?.calledOff?.isCalledOff == true ? 1 : 0 }
    }

    private static func at(_ pointer: UnsafeMutableRawPointer?) -> CurlExchange? {
        pointer.map { Unmanaged<CurlExchange>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Taking less than was given ends the transfer.
    private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard response.body.count + bytes.count <= limit else { return 0 }
        response.body += bytes
        return bytes.count
    }

    private func note(_ line: String) {
        // The line that begins an answer: what an earlier one (100 Continue) said does not count.
        if line.hasPrefix("HTTP/") { response.headers = [:] }
        guard let colon = line.firstIndex(of: ":") else { return }
        let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespacesAndNewlines)
        response.headers[line[..<colon].lowercased()] = value
    }

    private static let prepareLibrary: Void = {
        curl_global_init(Int(CURL_GLOBAL_DEFAULT))
    }()
}

/// A handle between two requests, on its way from one thread to another.
///
/// Safe although the handle is not `Sendable`: it is in exactly one place, with the thread that uses it or in the list of idle ones.
struct IdleExchange: Sendable {
    // See above: never with two threads.
    nonisolated(unsafe) let exchange: CurlExchange
}

/// Nobody waits for it any more: a transfer that runs is cut within a second.
final class CallOff: Sendable {
    private let flag = Atomic(false)

    var isCalledOff: Bool { flag.load(ordering: .relaxed) }

    func callOff() { flag.store(true, ordering: .relaxed) }
}
