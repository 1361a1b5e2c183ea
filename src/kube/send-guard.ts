import type { Dispatcher } from 'undici';

/** What a request carries to {@link sendGuard}. */
export interface Guarded {
  /** As in TransportRequest. */
  readonly mayBeSent?: (() => boolean) | undefined;
}

/**
 * Asks a request that waited for a connection once more, in the moment in which it would be written: a process that
 * stood still finds its connections made and free before any timer tells it that its time is over.
 */
export const sendGuard: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  const { mayBeSent } = options as Guarded;
  if (!mayBeSent) return dispatch(options, handler);
  const guarded: Dispatcher.DispatchHandler = {
    onRequestStart(controller, context) {
      if (!mayBeSent()) controller.abort(new Error('it may not be sent any more'));
      handler.onRequestStart?.(controller, context);
    },
    onRequestUpgrade: (...event) => handler.onRequestUpgrade?.(...event),
    onResponseStart: (...event) => handler.onResponseStart?.(...event),
    onResponseData: (...event) => handler.onResponseData?.(...event),
    onResponseEnd: (...event) => handler.onResponseEnd?.(...event),
    onResponseError: (...event) => handler.onResponseError?.(...event),
  };
  return dispatch(options, guarded);
};
