/* What the methods that split distances into pieces share. */
#ifndef SN_POSITION_PIECES_H
#define SN_POSITION_PIECES_H

#include "position/method.h"

sn_pos_map sn_map_affine(double scale, double offset);
sn_pos_map sn_map_constant(double position);

/* Two pieces: distances below `window` stay as they are, the others get these maps. */
void sn_pieces_split(sn_position *p, int64_t window, sn_pos_map query, sn_pos_map key);

/* Logs a warning where the near window is not smaller than the trained one. */
void sn_warn_window(const sn_method_ctx *ctx, double window);
/* Logs a warning where the largest relative position of the session is beyond the trained ones. */
void sn_warn_reach(const sn_method_ctx *ctx, double largest);

#endif
