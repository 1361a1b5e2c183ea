import type { Dispatcher } from 'undici';

/** What a request carries to {@link answerEar}. */
export interface Heard {
  /** Told whenever a piece of the answer's body comes. */
  readonly heard?: (() => void) | undefined;
}

/** Tells a request that something came, without reading it: an answer that is long, or read slowly, is not silent. */
export const answerEar: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  const { heard } = options as Heard;
  if (!heard) return dispatch(options, handler);
  const hearing: Dispatcher.DispatchHandler = {
    onRequestStart: (...event) => handler.onRequestStart?.(...event),
    onRequestUpgrade: (...event) => handler.onRequestUpgrade?.(...event),
    onResponseStart: (...event) => handler.onResponseStart?.(...event),
    onResponseData(...event) {
      heard();
      handler.onResponseData?.(...event);
    },
    onResponseEnd: (...event) => handler.onResponseEnd?.(...event),
    onResponseError: (...event) => handler.onResponseError?.(...event),
  };
  return dispatch(options, hearing);
};
