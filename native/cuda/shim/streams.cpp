// The functions that the server uses of libcuda.so.1, over driver.h: streams, events, graphs.
#include "driver.h"

using namespace driver;

extern "C" {

// --- Streams and events ---------------------------------------------------------------------

int cuStreamCreate(Stream **stream, unsigned) {
  ENTER_CONTEXT("cuStreamCreate");
  auto made = std::make_shared<Stream>();
  *stream = made.get();
  streams[*stream] = made;
  return SUCCESS;
}

int cuStreamDestroy_v2(Stream *stream) {
  ENTER_FREE("cuStreamDestroy_v2");
  if (streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  run_until(*stream, stream->issued);
  streams.erase(stream);
  return result;
}

int cuStreamSynchronize(Stream *stream) {
  ENTER_CONTEXT("cuStreamSynchronize");
  if (streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  if (stream->capture != nullptr) {
    return spoil(*stream);
  }
  run_until(*stream, stream->issued);
  return lost;
}

// Whoever asks again and again sees the work go on, one piece each time.
int cuStreamQuery(Stream *stream) {
  ENTER_CONTEXT("cuStreamQuery");
  if (streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  if (stream->capture != nullptr) {
    return spoil(*stream);
  }
  if (stream->queue.empty()) {
    return SUCCESS;
  }
  run_one(*stream);
  return lost != SUCCESS ? lost : NOT_READY;
}

int cuStreamWaitEvent(Stream *stream, Event *event, unsigned) {
  ENTER_CONTEXT("cuStreamWaitEvent");
  if (streams.count(stream) == 0 || events.count(event) == 0) {
    return INVALID_HANDLE;
  }
  if (event->capture != nullptr) {
    stream->capture = event->capture; // a graph does all its work in the order it was given
    return SUCCESS;
  }
  if (stream->capture != nullptr) {
    return CAPTURE_ISOLATION;
  }
  if (event->stream != nullptr) {
    append(*stream, [other = event->stream, position = event->position] {
      run_until(*other, position);
    });
  }
  return SUCCESS;
}

int cuEventCreate(Event **event, unsigned flags) {
  ENTER_CONTEXT("cuEventCreate");
  *event = new Event{(flags & event_without_time) == 0};
  events.insert(*event);
  return SUCCESS;
}

int cuEventDestroy_v2(Event *event) {
  ENTER_FREE("cuEventDestroy_v2");
  if (events.erase(event) == 0) {
    return INVALID_HANDLE;
  }
  delete event;
  return result;
}

int cuEventRecord(Event *event, Stream *stream) {
  ENTER_CONTEXT("cuEventRecord");
  if (streams.count(stream) == 0 || events.count(event) == 0) {
    return INVALID_HANDLE;
  }
  event->capture = stream->capture;
  if (stream->capture == nullptr) {
    append(*stream, [event] {
      if (events.count(event) > 0) {
        event->time_ms = clock_ms;
      }
    });
    event->stream = streams[stream];
    event->position = stream->issued;
  }
  return SUCCESS;
}

int cuEventQuery(Event *event) {
  ENTER_CONTEXT("cuEventQuery");
  if (events.count(event) == 0) {
    return INVALID_HANDLE;
  }
  if (event->capture != nullptr) {
    return CAPTURED_EVENT;
  }
  if (event->stream == nullptr || event->stream->done >= event->position) {
    return SUCCESS;
  }
  run_one(*event->stream);
  return lost != SUCCESS ? lost : NOT_READY;
}

int cuEventSynchronize(Event *event) {
  ENTER_CONTEXT("cuEventSynchronize");
  if (events.count(event) == 0) {
    return INVALID_HANDLE;
  }
  if (event->capture != nullptr) {
    return CAPTURED_EVENT;
  }
  if (event->stream != nullptr) {
    run_until(*event->stream, event->position);
  }
  return lost;
}

// A copy or a kernel takes a millisecond.
int cuEventElapsedTime(float *elapsed_ms, Event *start, Event *end) {
  ENTER_CONTEXT("cuEventElapsedTime");
  for (Event *event : {start, end}) {
    if (events.count(event) == 0 || !event->timed || event->stream == nullptr) {
      return INVALID_HANDLE;
    }
    if (event->stream->done < event->position) {
      return NOT_READY;
    }
  }
  *elapsed_ms = (float)(end->time_ms - start->time_ms);
  return SUCCESS;
}

// --- Graphs ---------------------------------------------------------------------------------

int cuStreamBeginCapture_v2(Stream *stream, int) {
  ENTER_CONTEXT("cuStreamBeginCapture_v2");
  if (streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  if (stream->capture != nullptr) {
    return spoil(*stream);
  }
  stream->capture = std::make_shared<Capture>();
  return SUCCESS;
}

int cuStreamEndCapture(Stream *stream, Graph **graph) {
  ENTER_FREE("cuStreamEndCapture");
  if (streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  std::shared_ptr<Capture> capture = stream->capture;
  if (capture == nullptr) {
    return CAPTURE_UNMATCHED;
  }
  for (auto &other : streams) {
    if (other.second->capture == capture) {
      other.second->capture = nullptr;
    }
  }
  *graph = nullptr;
  if (result != SUCCESS) {
    return result;
  }
  if (!capture->valid) {
    return CAPTURE_INVALIDATED;
  }
  *graph = new Graph{std::move(capture->works)};
  graphs.insert(*graph);
  return SUCCESS;
}

int cuGraphInstantiateWithFlags(Graph **executable, Graph *graph, unsigned long long) {
  ENTER_CONTEXT("cuGraphInstantiateWithFlags");
  if (graphs.count(graph) == 0) {
    return INVALID_HANDLE;
  }
  *executable = new Graph{graph->works};
  executables.insert(*executable);
  return SUCCESS;
}

int cuGraphLaunch(Graph *executable, Stream *stream) {
  ENTER_CONTEXT("cuGraphLaunch");
  if (executables.count(executable) == 0 || streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  for (const Work &work : executable->works) {
    append(*stream, work);
  }
  return SUCCESS;
}

int cuGraphExecDestroy(Graph *executable) {
  ENTER_FREE("cuGraphExecDestroy");
  if (executables.erase(executable) == 0) {
    return INVALID_HANDLE;
  }
  delete executable;
  return result;
}

int cuGraphDestroy(Graph *graph) {
  ENTER_FREE("cuGraphDestroy");
  if (graphs.erase(graph) == 0) {
    return INVALID_HANDLE;
  }
  delete graph;
  return result;
}

} // extern "C"
