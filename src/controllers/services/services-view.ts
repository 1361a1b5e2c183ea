import type { ControllerContext } from '../../clusters/controller.ts';
import type { EndpointSlice, Service } from '../../kube/types.ts';
import type { Owner } from '../../translate/marks.ts';
import type { Choice, Network } from '../../translate/services/settings.ts';
import type { SliceDownOptions } from '../../translate/services/slice-down.ts';
import type { LowerCopies } from './lower-copies.ts';
import type { NamespaceUse } from './namespace-use.ts';
import type { UpperServices } from './upper-services.ts';

/** What the reconciles of Services and EndpointSlices look at and write through. */
export interface ServicesView extends SliceDownOptions {
  readonly owner: Owner;
  readonly network: Network;
  readonly choice: Choice;
  readonly upper: UpperServices;
  readonly use: NamespaceUse;
  readonly services: LowerCopies<Service>;
  readonly slices: LowerCopies<EndpointSlice>;
  readonly namespaces: ControllerContext['namespaces'];
  isReachable(): boolean;
}
